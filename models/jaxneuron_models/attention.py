"""Self-attention with its probabilities in the open, with or without a cache of earlier keys and values.

Vaswani et al. 2017 (arXiv 1706.03762); grouped queries: Ainslie et al. 2023 (arXiv 2305.13245); norms of queries and
keys: Dehghani et al. 2023 (arXiv 2302.05442); scores that are capped: Gemma Team 2024 (arXiv 2408.00118).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.tap import Tap
from jaxneuron.types import Site
from jaxneuron_models.positions import linear_bias
from jaxneuron_models.rotary import Rotary, rotate


class Relation(NamedTuple):
    """What attention knows of the distances between words, the same in all blocks."""

    table: Float[Array, "row unit"]  # see `relative.Biases` (one unit a head) and `relative.Vectors`
    row: Int[Array, "#batch time key"]  # of each pair of words


class Reach(NamedTuple):
    """Where the words stand, and what each may look at."""

    time: Int[Array, "time"]  # places in the row
    position: Int[Array, "#batch time"]  # places in the sentence
    allowed: Bool[Array, "batch time key"]
    key_position: Int[Array, "#batch key"]  # as `position`, of all that may be looked at
    length: Int[Array, "batch time"] | None  # words of the text that each is in; None: not known yet
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


class Heads(NamedTuple):
    """What the heads of a block are, and how they score."""

    count: int
    keys: int  # heads of keys and values, each for as many of the queries'
    width: int  # units of a head
    scale: float  # of a product of a query and a key
    bias: bool
    output_bias: bool | None = None  # None: as `bias`
    rotary: Rotary | None = None
    norm: Callable[[int], Callable[[Array], Array]] | None = None  # of queries and keys, from its width
    norm_whole: bool = False  # of all heads together, not of each
    cap: float = 0.0  # scores become `cap tanh(score / cap)`
    linear_bias: bool = False  # scores fall with the distance


class Attention(nnx.Module):
    """`softmax(scale Q K') V` for every head, and the product that mixes the heads."""

    def __init__(self, width: int, heads: Heads, *, rngs: nnx.Rngs):
        linear = partial(nnx.Linear, use_bias=heads.bias, rngs=rngs)
        queries, keys = heads.count * heads.width, heads.keys * heads.width
        self.query = linear(width, queries)
        self.key, self.value = linear(width, keys), linear(width, keys)
        output_bias = heads.bias if heads.output_bias is None else heads.output_bias
        self.output = nnx.Linear(queries, width, use_bias=output_bias, rngs=rngs)
        together = (queries, keys) if heads.norm_whole else (heads.width, heads.width)
        self.query_norm, self.key_norm = map(heads.norm, together) if heads.norm else (None, None)
        self.norm_whole, self.cap, self.linear_bias = heads.norm_whole, heads.cap, heads.linear_bias
        self.heads, self.key_heads, self.head_width = heads.count, heads.keys, heads.width
        self.rotary, self.scale = heads.rotary, heads.scale

    def __call__(
        self, tap: Tap, site: Site, x: Float[Array, "batch time unit"], reach: Reach, cache: Cache | None
    ) -> tuple[Float[Array, "batch time unit"], Float[Array, "batch head time key"], Cache]:
        """Return the mixed heads, the probabilities, and the keys and values up to now."""
        batch, time, _ = x.shape
        query = self.query(x).reshape(batch, time, self.key_heads, -1, self.head_width)
        key, value = (layer(x).reshape(batch, time, self.key_heads, -1) for layer in (self.key, self.value))
        if self.query_norm is not None and self.key_norm is not None:
            query, key = self._normalised(self.query_norm, query), self._normalised(self.key_norm, key)
        if self.rotary:
            query, key = (rotate(vectors, reach.position, self.rotary, reach.length) for vectors in (query, key))
        if cache is not None:
            key, value = (
                jax.lax.dynamic_update_slice_in_dim(old, new.astype(old.dtype), reach.time[0], axis=1)
                for old, new in zip(cache, (key, value), strict=True)
            )
        score = products(query * self.scale, key)
        if reach.relation is not None:
            bias = jnp.moveaxis(reach.relation.table[reach.relation.row].astype(score.dtype), 3, 1)
            score = score + jnp.broadcast_to(bias.reshape(len(bias), *score.shape[1:]), score.shape)
        if self.linear_bias:
            bias = linear_bias(self.heads, reach.key_position)
            bias = bias.reshape(bias.shape[0], self.key_heads, -1, 1, bias.shape[-1])
            score = score + jnp.broadcast_to(bias, score.shape).astype(score.dtype)
        if self.cap:
            score = self.cap * jnp.tanh(score / self.cap)
        heads, probability = read(score, value, reach.allowed)
        return self.output(tap(f"{site}/heads", heads, reach.time)), probability, Cache(key, value)

    def _normalised(self, norm: Callable[[Array], Array], vectors: Float[Array, "batch time *head unit"]) -> Array:
        """Return the queries or the keys, each head's normalised or all of them together."""
        if not self.norm_whole:
            return norm(vectors)
        return norm(vectors.reshape(*vectors.shape[:2], -1)).reshape(vectors.shape)


def products(
    query: Float[Array, "batch time group part unit"], key: Float[Array, "batch key group unit"]
) -> Float[Array, "batch group part time key"]:
    """Return the product of each query with each key of its group, in float32 at least."""
    batch, time, groups, parts, unit = query.shape
    # Plain products of matrices in memory order: an einsum over the first layout takes 1.7 times as long on a CPU.
    query = jnp.moveaxis(query, 1, 3).reshape(batch, groups, -1, unit)
    score = query @ jnp.transpose(key, (0, 2, 3, 1))
    wide = jnp.promote_types(score.dtype, jnp.float32)
    return score.reshape(batch, groups, parts, time, key.shape[1]).astype(wide)


def read(
    score: Float[Array, "batch group part time key"],
    value: Float[Array, "batch key group unit"],
    allowed: Bool[Array, "batch #time key"],
) -> tuple[Float[Array, "batch time heads"], Float[Array, "batch head time key"]]:
    """Return what the heads read, side by side, and with which probabilities: `softmax(score) V`.

    Args:
        score: of each word that looks with each key.
        value: of each key, by its group of heads.
        allowed: which keys may be seen.
    """
    batch, groups, parts, time, keys = score.shape
    score = jnp.where(allowed[:, None, None], score, jnp.finfo(score.dtype).min)
    weight = jnp.exp(score - jnp.max(score, axis=-1, keepdims=True)).astype(value.dtype)
    total = jnp.sum(weight, axis=-1, keepdims=True)
    # divided after the product, which has fewer numbers; nobody asks for the probabilities, nobody computes them
    heads = weight.reshape(batch, groups, -1, keys) @ jnp.moveaxis(value, 2, 1)
    heads = heads.reshape(batch, groups, parts, time, -1)
    heads = jnp.moveaxis(heads / jnp.broadcast_to(total, heads.shape), 3, 1).reshape(batch, time, -1)
    return heads, (weight / jnp.broadcast_to(total, weight.shape)).reshape(batch, -1, time, keys)
