"""Words drawn with Gumbel noise: what gumbel softmax and its straight-through form share."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.find import _ascent, _climb, _words
from jaxneuron.find._noise import exponential

FLOOR = 1e-7
"""What the published code adds to a probability before it takes the logarithm."""


class Settings(NamedTuple):
    """What may be chosen of the search."""

    steps: int = 200_000  # of Adam, rounded up to whole epochs
    samples: int = 64  # independent noise draws per step
    restarts: int = 1  # independent searches per target
    learning_rate: float = 1e-3  # Adam's
    temperature: tuple[float, float] = (2.0, 0.1)  # at the first step, and the floor
    decay: float | None = 0.99995  # the temperature's factor per step; None reaches the floor at the last step
    epoch: int = 200  # steps between two looks at `patience` and two calls of `progress`
    patience: int | None = 200  # epochs without a better epoch-mean of the discrete score before a target stops; None
    # never stops
    keep: str = "epoch"  # "step" keeps the best discrete inputs of all steps, "epoch" those at the end of the epochs
    # with the best mean (the paper's code)
    harvest: bool = False  # let the argmax of every noisy sample compete as a discrete input


FAST = Settings(
    steps=120,
    samples=1,
    restarts=4,
    learning_rate=2.0,
    temperature=(2.0, 0.5),
    decay=None,
    epoch=20,
    patience=None,
    keep="step",
    harvest=True,
)
"""Settings of gumbel softmax for a small part of the compute."""


def noise(settings: Settings) -> _ascent.Noise:
    """Return the schedule of the noise.

    Raises:
        ValueError: a temperature that does not fall.
    """
    (warmest, coldest), decay = settings.temperature, settings.decay
    if not 0 < coldest <= warmest or (decay is not None and not 0 < decay <= 1):
        raise ValueError(
            f"the temperature must fall and stay above 0, got {settings.temperature} with a decay of {decay}"
        )
    cooling = math.log(decay) if decay is not None else math.log(coldest / warmest) / max(settings.steps - 1, 1)
    return _ascent.Noise(settings.samples, settings.harvest, warmest, cooling, coldest)


def noisy(
    key: Array,
    x: Float[Array, "restart time vocab"],
    temperature: Float[Array, ""],
    values: _climb.Values,
    samples: int,
) -> Float[Array, "row time vocab"]:
    """Return `samples` noisy word distributions of each restart, sample by sample."""
    logits = _words.allowed(x.reshape(-1, x.shape[-1]), values)  # one list of positions: fewer axes are faster
    return _soften(logits, exponential(key, (samples, *logits.shape)), temperature).reshape(-1, *x.shape[1:])


@jax.custom_vjp
def _soften(
    logits: Float[Array, "position vocab"], e: Float[Array, "sample position vocab"], temperature: Float[Array, ""]
) -> Float[Array, "sample position vocab"]:
    """Return `softmax((log(softmax(logits) + 1e-7) + g) / temperature)`, `g = -log e`; banned words stay at 0.

    The gradient, to the logits only, is written out: as XLA derives it, a search on a CPU takes a quarter longer.
    """
    return _soften_forward(logits, e, temperature)[0]


def _soften_forward(logits: Array, e: Array, temperature: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    p = jax.nn.softmax(logits, axis=-1)
    floored = jnp.where(logits > _words.NEVER, p + FLOOR, 0)
    # without these barriers XLA draws the noise, or divides by the sum, again for each use of the result
    noisy = jax.lax.optimization_barrier(jnp.log(floored[None] / e) / temperature)
    words = jax.lax.optimization_barrier(jax.nn.softmax(noisy, axis=-1))
    return words, (words, p, temperature)


def _soften_backward(saved: tuple[Array, Array, Array], pull: Array) -> tuple[Array, None, None]:
    words, p, temperature = saved
    mean = _dot(words, pull)

    def add(sample: Array, total: Array) -> Array:  # as one reduction, XLA on a CPU takes ten times as long
        return total + words[sample] * (pull[sample] - mean[sample])

    to_log_p = jax.lax.fori_loop(0, len(words), add, jnp.zeros_like(p)) / temperature
    to_log_softmax = to_log_p * p / (p + FLOOR)
    return to_log_softmax - p * _dot(jnp.ones_like(p), to_log_softmax), None, None


def _dot(a: Float[Array, "*row vocab"], b: Float[Array, "*row vocab"]) -> Float[Array, "*row 1"]:
    """Return sums over the vocabulary; as products of matrices, they are faster than as reductions."""
    return jnp.einsum("...v,...v->...", a, b)[..., None]


_soften.defvjp(_soften_forward, _soften_backward)
