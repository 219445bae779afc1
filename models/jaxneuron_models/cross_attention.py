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
from jaxneuron_models.attention import Cache, products, read


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
        query = self.query(x).reshape(*x.shape[:2], self.heads, 1, -1) * self.scale
        score = products(query, memory.keys)
        if view.offset is not None:
            score = score + jnp.broadcast_to(view.offset.astype(score.dtype)[:, None], score.shape)
        heads, probability = read(score, memory.values, view.allowed)
        return self.output(tap(f"{site}/heads", heads, view.time)), probability


def extended(cache: Cache, new: Cache, at: Int[Array, ""]) -> Cache:
    """Return a cache with the keys and values of the next words in their places.

    Args:
        cache: of the words before.
        new: of the next words.
        at: the place of the first of them.
    """
    put = jax.lax.dynamic_update_slice_in_dim
    return Cache(*(put(old, more.astype(old.dtype), at, axis=1) for old, more in zip(cache, new, strict=True)))
