"""Texts scored word by word, each beginning once: of texts that are alike, most of the work is shared.

Sorted texts make a tree. What a `Onward` remembers after each beginning of some words is kept for one level, and the
beginnings of one word more are read on from there.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from jaxneuron.find import Onward, _score
from jaxneuron.find._score import Pool, Scorer
from jaxneuron.types import Params, Target, Tokens

BLOCKS = 4
"""Parts of a chunk of texts: a level of few beginnings is done in few of them."""


class _Level(NamedTuple):
    """The different beginnings of some words."""

    row: Int[np.ndarray, "beginning"]  # the first text of each
    parent: Int[np.ndarray, "beginning"]  # the number of that of a word less
    word: Int[np.ndarray, "beginning"]  # its last


def absorb(
    scorer: Scorer, onward: Onward, pool: Pool, ids: Int[np.ndarray, "row time"], step: int, *, most: int
) -> tuple[Pool, float]:
    """Score texts, and keep each target's best; return how many texts' worth of words was read, too.

    Args:
        scorer: what scores them.
        onward: what reads on.
        pool: the best so far.
        ids: the texts, all different, in order.
        step: the number of this step.
        most: how many texts may be given at most; another number compiles again.
    """
    time, kept = ids.shape[1], sum(leaf.nbytes for leaf in jax.tree.leaves(onward.state))
    rows = scorer.rows(time, most, more=3 * kept)
    size = -(-rows // BLOCKS)
    begin = _many(onward.state, count=size * BLOCKS)
    words = 0
    for first in range(0, len(ids), size * BLOCKS):
        part, states = ids[first : first + size * BLOCKS], begin
        for place, level in enumerate(_levels(part)):
            words += len(level.row)
            read = states
            for at in range(0, len(level.row), size):
                row, *where = (_padded(leaf[at : at + size], size) for leaf in level)
                valid = jnp.asarray(at + np.arange(size) < len(level.row))
                if place + 1 < time:
                    given = (scorer.params, read, states, *map(jnp.asarray, where), jnp.int32(at))
                    states = _advanced(*given, step=onward.step)
                else:
                    given = (scorer.targets, scorer.params, jnp.int32(step), pool, read, *map(jnp.asarray, where))
                    pool = _finished(*given, jnp.asarray(part[row]), valid, step=onward.step)
    return pool, words / time


def _levels(texts: Int[np.ndarray, "row time"]) -> list[_Level]:
    """Return the beginnings of one word, of two, and so on."""
    found, number = [], np.zeros(len(texts), np.int32)
    for place in range(texts.shape[1]):
        same = np.zeros(len(texts), bool)
        same[1:] = ~np.any(texts[1:, : place + 1] != texts[:-1, : place + 1], axis=1)
        row = np.flatnonzero(~same)
        found.append(_Level(row.astype(np.int32), number[row], texts[row, place]))
        number = (np.cumsum(~same) - 1).astype(np.int32)
    return found


def _padded(part: np.ndarray, size: int) -> np.ndarray:
    return np.pad(part, (0, size - len(part)))


@functools.partial(jax.jit, static_argnames="count")
def _many(state: Any, *, count: int) -> Any:
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[None], (count, *leaf.shape)), state)


@functools.partial(jax.jit, static_argnames="step")
def _advanced(
    params: Params, read: Any, states: Any, parent: Int[Array, "row"], word: Int[Array, "row"], at: Array, *, step: Any
) -> Any:
    """Return states of which some are those after a word more."""

    def one(state: Any, word: Int[Array, ""]) -> Any:
        return step(params, state, word[None, None], {})[2]

    new = jax.vmap(one)(jax.tree.map(lambda leaf: leaf[parent], read), word)
    return jax.tree.map(lambda leaf, part: jax.lax.dynamic_update_slice_in_dim(leaf, part, at, 0), states, new)


@functools.partial(jax.jit, static_argnames="step")
def _finished(
    targets: Target,
    params: Params,
    number: Array,
    pool: Pool,
    read: Any,
    parent: Int[Array, "row"],
    word: Int[Array, "row"],
    ids: Int[Array, "row time"],
    valid: Bool[Array, "row"],
    *,
    step: Any,
) -> Pool:
    """Return the pool with what the last words make of the texts."""

    def one(state: Any, word: Int[Array, ""]) -> Array:
        tokens = Tokens(word[None, None], jnp.ones((1, 1), bool))
        output, activations, _ = step(params, state, tokens.ids, {})
        return jax.vmap(lambda target: target(output, activations, tokens)[0])(targets)

    score = jax.vmap(one)(jax.tree.map(lambda leaf: leaf[parent], read), word).T
    return _score.merged(pool, ids, jnp.where(valid[None] & ~jnp.isnan(score), score, -jnp.inf), number)
