"""Self-attention with its probabilities in the open, with or without a cache of earlier keys and values.

Vaswani et al. 2017 (arXiv 1706.03762); grouped queries: Ainslie et al. 2023 (arXiv 2305.13245); rotary positions: Su et
al. 2021 (arXiv 2104.09864), in the layout of GPT-NeoX and Llama (the first half of a head is rotated with the second).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.tap import Tap
from jaxneuron.types import Site


class Relation(NamedTuple):
    """What attention knows of the distances between words, the same in all blocks."""

    table: Float[Array, "row unit"]  # see `relative.Biases` (one unit a head) and `relative.Vectors`
    row: Int[Array, "#batch time key"]  # of each pair of words


class Reach(NamedTuple):
    """Where the words stand, and what each may look at."""

    time: Int[Array, "time"]  # places in the row
    position: Int[Array, "#batch time"]  # places in the sentence
    allowed: Bool[Array, "batch time key"]
    relation: Relation | None = None

    def near(self, words: int) -> "Reach":
        """Return a reach of so many words to either side, the word itself counted."""
        distance = self.time[:, None] - jnp.arange(self.allowed.shape[-1])[None]
        near = jnp.broadcast_to(jnp.abs(distance) < words, self.allowed.shape)
        return self._replace(allowed=self.allowed & near)


class Cache(NamedTuple):
    """The keys and values of one block; positions not read yet hold zeros."""

    keys: Float[Array, "batch key head unit"]
    values: Float[Array, "batch key head unit"]


class Attention(nnx.Module):
    """`softmax(scale Q K') V` for every head, and the product that mixes the heads."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        key_heads: int,
        head_width: int,
        rotary: tuple[float, float] | None,
        scale: float,
        bias: bool,
        rngs: nnx.Rngs,
    ):
        linear = partial(nnx.Linear, use_bias=bias, rngs=rngs)
        self.query = linear(width, heads * head_width)
        self.key, self.value = linear(width, key_heads * head_width), linear(width, key_heads * head_width)
        self.output = linear(heads * head_width, width)
        self.heads, self.key_heads, self.head_width = heads, key_heads, head_width
        self.rotary, self.scale = rotary, scale

    def __call__(
        self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], reach: Reach, cache: Cache | None
    ) -> tuple[Float[Array, "batch time unit"], Float[Array, "batch head time key"], Cache]:
        """Return the mixed heads, the probabilities, and the keys and values up to now."""
        batch, time, _ = x.shape
        query = self.query(x).reshape(batch, time, self.key_heads, -1, self.head_width)
        key, value = (layer(x).reshape(batch, time, self.key_heads, -1) for layer in (self.key, self.value))
        if self.rotary:
            query, key = (rotate(vectors, reach.position, *self.rotary) for vectors in (query, key))
        if cache is not None:
            key, value = (
                jax.lax.dynamic_update_slice_in_dim(old, new.astype(old.dtype), reach.time[0], axis=1)
                for old, new in zip(cache, (key, value), strict=True)
            )
        # Plain products of matrices in memory order: an einsum over the first layout takes 1.7 times as long on a CPU.
        query = jnp.moveaxis(query, 1, 3).reshape(batch, self.key_heads, -1, self.head_width)  # g t: queries of a head
        score = query * self.scale @ jnp.transpose(key, (0, 2, 3, 1))
        wide = jnp.promote_types(score.dtype, jnp.float32)
        score = score.reshape(batch, self.key_heads, -1, time, key.shape[1]).astype(wide)
        if reach.relation is not None:
            bias = jnp.moveaxis(reach.relation.table[reach.relation.row].astype(wide), 3, 1)
            score = score + jnp.broadcast_to(bias.reshape(len(bias), *score.shape[1:]), score.shape)
        score = jnp.where(reach.allowed[:, None, None], score, jnp.finfo(wide).min)
        weight = jnp.exp(score - jnp.max(score, axis=-1, keepdims=True)).astype(x.dtype)
        total = jnp.sum(weight, axis=-1, keepdims=True)
        # divided after the product, which has fewer numbers; nobody asks for the probabilities, nobody computes them
        heads = weight.reshape(*query.shape[:3], -1) @ jnp.moveaxis(value, 2, 1)
        heads = heads.reshape(*weight.shape[:-1], self.head_width)
        heads = heads / jnp.broadcast_to(total, heads.shape)
        heads = tap(f"{site}/heads", jnp.moveaxis(heads, 3, 1).reshape(batch, time, -1), reach.time)
        probability = weight / jnp.broadcast_to(total, weight.shape)
        return self.output(heads), probability.reshape(batch, self.heads, time, -1), Cache(key, value)


def rotate(
    vectors: Float[Array, "batch time *head unit"], position: Int[Array, "#batch time"], share: float, base: float
) -> Float[Array, "batch time *head unit"]:
    """Turn pairs of units by angles that grow with the position; the last `1 - share` of the units stay as they are.

    Where that leaves an odd number to be turned, the next unit is turned too, as in `transformers`.
    """
    turned = int(vectors.shape[-1] * share)
    pairs = -(-turned // 2)
    angle = jnp.einsum("bt,u->btu", position, base ** (-jnp.arange(0, turned, 2) / turned))
    angle = angle.reshape(*position.shape, *[1] * (vectors.ndim - 3), pairs)
    first, second, rest = jnp.split(vectors, [pairs, 2 * pairs], axis=-1)
    cos, sin = (jnp.broadcast_to(f(angle), first.shape).astype(vectors.dtype) for f in (jnp.cos, jnp.sin))
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin, rest], axis=-1)
