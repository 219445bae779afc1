"""Rotary positions: heads are turned by the place of the word, in longer texts by less.

Su et al. 2021 (arXiv 2104.09864), in the layout of GPT-NeoX and Llama (the first half of a head is
turned with the second); for longer texts: Chen et al. 2023 (arXiv 2306.15595), Peng et al. 2023 (YaRN, arXiv
2309.00071), Ding et al. 2024 (LongRoPE, arXiv 2402.13753).
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class Linear(NamedTuple):
    """All positions closer together."""

    factor: float

    def scaled(self, frequency: np.ndarray, base: float) -> np.ndarray:
        """Return the frequencies."""
        return frequency / self.factor


class Llama3(NamedTuple):
    """Long waves closer together: those of which the training's texts held at most `low`."""

    factor: float
    low: float
    high: float  # of which they held more are left as they are; between the two, a mixture
    trained: float  # the length of the training's texts

    def scaled(self, frequency: np.ndarray, base: float) -> np.ndarray:
        """Return the frequencies."""
        waves = self.trained * frequency / (2 * math.pi)
        kept = np.clip((waves - self.low) / (self.high - self.low), 0, 1)
        return frequency * (kept + (1 - kept) / self.factor)


class Yarn(NamedTuple):
    """Long waves closer together, by their place among all; and all of them larger."""

    factor: float
    trained: float
    fast: float  # turns within the training's texts of waves that are left as they are
    slow: float  # and of those that are moved wholly
    whole: bool  # both places are rounded outwards
    size: float

    def scaled(self, frequency: np.ndarray, base: float) -> np.ndarray:
        """Return the frequencies."""
        units = 2 * len(frequency)
        first, last = (
            units * math.log(self.trained / (turns * 2 * math.pi)) / (2 * math.log(base))
            for turns in (self.fast, self.slow)
        )
        if self.whole:
            first, last = math.floor(first), math.ceil(last)
        first, last = max(first, 0), min(last, units - 1)
        span = (last - first) or 0.001
        moved = np.clip((np.arange(len(frequency)) - first) / span, 0, 1)
        return frequency * (1 - moved + moved / self.factor)


class Dynamic(NamedTuple):
    """A larger base in texts that are longer than the training's, by how much longer they are."""

    factor: float
    trained: float


class Long(NamedTuple):
    """A factor for each wave, another one in texts that are longer than the training's; and all of them larger."""

    trained: float
    size: float
    short: tuple[float, ...]
    long: tuple[float, ...]


Scaling = Linear | Llama3 | Yarn | Dynamic | Long
SCALINGS: dict[str, type[Scaling]] = {
    "linear": Linear,
    "llama3": Llama3,
    "yarn": Yarn,
    "dynamic": Dynamic,
    "longrope": Long,
}


class Rotary(NamedTuple):
    """How heads are turned."""

    share: float  # of each head's units
    base: float
    scaling: Scaling | None = None


def rotate(
    vectors: Float[Array, "batch time *head unit"],
    position: Int[Array, "#batch time"],
    rotary: Rotary,
    length: Int[Array, "batch time"] | None = None,
) -> Float[Array, "batch time *head unit"]:
    """Turn pairs of units by angles that grow with the position; the last `1 - share` of the units stay as they are.

    Where that leaves an odd number to be turned, the next unit is turned too, as in `transformers`.

    Args:
        vectors: queries or keys.
        position: of each, in its text.
        rotary: how far they are turned.
        length: words of the text that each is in, where the scaling asks for it; None: at most the training's.

    Returns:
        The vectors, turned.
    """
    turned = int(vectors.shape[-1] * rotary.share)
    pairs = -(-turned // 2)
    size = getattr(rotary.scaling, "size", 1.0)
    angle = jnp.einsum("bt,u->btu", position, _frequency(turned, rotary))
    if length is not None and isinstance(rotary.scaling, Dynamic | Long):
        angle = jnp.asarray(position, jnp.float32)[..., None] * _by_length(turned, rotary, rotary.scaling, length)
    angle = angle.reshape(*angle.shape[:2], *[1] * (vectors.ndim - 3), pairs)
    first, second, rest = jnp.split(vectors, [pairs, 2 * pairs], axis=-1)
    cos, sin = (f(angle) if size == 1 else f(angle) * size for f in (jnp.cos, jnp.sin))
    cos, sin = (jnp.broadcast_to(turn, first.shape).astype(vectors.dtype) for turn in (cos, sin))
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin, rest], axis=-1)


def _frequency(turned: int, rotary: Rotary) -> Array:
    """Return radians per position of each pair, in a text no longer than the training's."""
    scaling, exponent = rotary.scaling, np.arange(0, turned, 2) / turned
    if scaling is None or isinstance(scaling, Dynamic):
        return rotary.base ** (-jnp.arange(0, turned, 2) / turned)
    if isinstance(scaling, Long):
        return jnp.asarray(rotary.base**-exponent / np.array(scaling.short), jnp.float32)
    return jnp.asarray(scaling.scaled(rotary.base**-exponent, rotary.base), jnp.float32)


def _by_length(
    turned: int, rotary: Rotary, scaling: Dynamic | Long, length: Int[Array, "batch time"]
) -> Float[Array, "batch time pair"]:
    """Return radians per position of each pair, of texts that may be longer than the training's."""
    plain = _frequency(turned, rotary)[None, None]
    if isinstance(scaling, Long):
        stretched = plain * jnp.array(scaling.short)[None, None] / jnp.array(scaling.long)[None, None]
        return jnp.where((length > scaling.trained)[..., None], stretched, plain)
    times = jnp.maximum(length / scaling.trained, 1.0) * scaling.factor - (scaling.factor - 1)
    return plain * times[..., None] ** (-jnp.arange(0, turned, 2) / (turned - 2))[None, None]
