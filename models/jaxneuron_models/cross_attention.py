"""Attention over any memory: the words read so far, or another text, whose keys and values are made once.

Vaswani et al. 2017 (arXiv 1706.03762). `attention.py` is for models of one text; here queries and memory are apart.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.tap import Tap
from jaxneuron.types import Site
from jaxneuron_models.attention import Cache


class View(NamedTuple):
    """Where the words that ask stand, and what each may look at."""

    time: Int[Array, "time"]
    allowed: Bool[Array, "batch #time key"]
    offset: Float[Array, "head time key"] | None = None  # added to the products of queries and keys


class CrossAttention(nnx.Module):
    """`softmax(scale Q K' + offset) V` for every head, and the product that mixes the heads."""

    def __init__(self, width: int, heads: int, *, head_width: int, scale: float, bias: bool, rngs: nnx.Rngs):
        linear = partial(nnx.Linear, use_bias=bias, rngs=rngs)
        self.query, self.key, self.value = (linear(width, heads * head_width) for _ in range(3))
        self.output = linear(heads * head_width, width)
        self.heads, self.scale = heads, scale

    def remember(self, x: Float[Array, "batch key unit"]) -> Cache:
        """Return the keys and values of a text."""
        return Cache(*(layer(x).reshape(*x.shape[:2], self.heads, -1) for layer in (self.key, self.value)))

    def __call__(
        self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], memory: Cache, view: View
    ) -> tuple[Float[Array, "batch time unit"], Float[Array, "batch head time key"]]:
        """Return the mixed heads, tapped as `site/heads` before they are mixed, and the probabilities."""
        query = self.query(x).reshape(*x.shape[:2], self.heads, -1) * self.scale
        score = jnp.moveaxis(query, 1, 2) @ jnp.transpose(memory.keys, (0, 2, 3, 1))
        wide = jnp.promote_types(score.dtype, jnp.float32)
        score = score.astype(wide)
        if view.offset is not None:
            score = score + jnp.broadcast_to(view.offset.astype(wide), score.shape)
        score = jnp.where(view.allowed[:, None], score, jnp.finfo(wide).min)
        weight = jnp.exp(score - jnp.max(score, axis=-1, keepdims=True))
        probability = (weight / jnp.sum(weight, axis=-1, keepdims=True)).astype(x.dtype)
        heads = jnp.moveaxis(probability @ jnp.moveaxis(memory.values, 2, 1), 1, 2)
        return self.output(tap(f"{site}/heads", heads.reshape(*x.shape[:2], -1), view.time)), probability


def extended(cache: Cache, new: Cache, at: Int[Array, ""]) -> Cache:
    """Return a cache with the keys and values of the next words in their places."""
    put = jax.lax.dynamic_update_slice_in_dim
    return Cache(*(put(old, more.astype(old.dtype), at, axis=1) for old, more in zip(cache, new, strict=True)))
