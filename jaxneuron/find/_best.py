"""Keep the k best distinct n-grams seen so far."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxneuron.types import Found


class Best(NamedTuple):
    """A running top k of one target."""

    ids: Int[Array, "k time"]
    score: Float[Array, "k"]  # -inf where nothing is kept yet
    step: Int[Array, "k"]  # when it was found
    proximity: Float[Array, "k"]  # how close the relaxed input was to it


def none(k: int, time: int) -> Best:
    """Return an empty top k."""
    worst = jnp.full(k, -jnp.inf, jnp.float32)
    return Best(jnp.zeros((k, time), jnp.int32), worst, jnp.full(k, -1, jnp.int32), jnp.zeros(k))


class Words(NamedTuple):
    """Discrete inputs, and how close the relaxed input was to each."""

    ids: Int[Array, "row time"]
    proximity: Float[Array, "row"]


def marked(found: Found) -> Found:
    """Return a result without words where nothing was found, and NaN for a target that no input had a number for."""
    nothing = jnp.asarray(found.step) < 0
    score = jnp.where(nothing & nothing[:, :1], jnp.nan, found.score)
    tokens = found.tokens._replace(mask=found.tokens.mask & ~nothing[..., None])
    return found._replace(tokens=tokens, score=score)


def keep(best: Best, words: Words, score: Float[Array, "row"], step: Int[Array, ""]) -> Best:
    """Return the k best of those kept and the new ones; of equal n-grams the best score stays, then the first."""
    k, more = best.score.shape[0], score.shape[0]
    ids = jnp.concatenate([best.ids, words.ids])
    proximity = jnp.concatenate([best.proximity, words.proximity])
    score = jnp.concatenate([best.score, jnp.where(jnp.isnan(score), -jnp.inf, score)])
    steps = jnp.concatenate([best.step, jnp.broadcast_to(step, (more,))])
    same = jnp.all(ids[:, None] == ids[None], axis=-1)
    first = jnp.tril(jnp.ones(same.shape, bool), k=-1)
    repeated = jnp.any(same & ((score[None] > score[:, None]) | (first & (score[None] == score[:, None]))), axis=1)
    score, order = jax.lax.top_k(jnp.where(repeated, -jnp.inf, score), k)
    return Best(ids[order], score, jnp.where(jnp.isneginf(score), -1, steps[order]), proximity[order])
