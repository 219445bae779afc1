"""Texts scored exactly, for all targets at once: whatever is tried for one target counts for all.

Each target has a pool of the best texts that anybody tried. A forward pass is shared: what a target reads from it costs
little beside it. A *scan* tries every candidate word at one place of a text.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.tap import sites
from jaxneuron.targets import count
from jaxneuron.types import Forward, Params, Target, Tokens

ROWS = 2**12
"""Texts in a chunk at most: more are no faster, and the last chunk is often half empty."""


class Pool(NamedTuple):
    """The best texts of each target, best first, all different."""

    ids: Int[Array, "target k time"]
    score: Float[Array, "target k"]  # -inf where there is none yet
    step: Int[Array, "target k"]  # when it was found; -1 where there is none
    used: Int[Array, "target k"]  # how often others were made of it


class Scorer(NamedTuple):
    """What scores a text for each of some targets."""

    forward: Forward
    params: Params
    targets: Target  # stacked
    allowed: Bool[np.ndarray, "vocab"]  # the words that a text may be made of
    budget: int
    mesh: Mesh | None

    @property
    def words(self) -> Int[np.ndarray, "candidate"]:
        """The numbers of the words that are allowed."""
        return np.flatnonzero(self.allowed).astype(np.int32)

    def rows(self, length: int, most: int) -> int:
        """Return how many texts to score at once, of at most so many."""
        word = Tokens(jnp.zeros((1, length), jnp.int32), jnp.ones((1, length), bool))
        units = sum(shape.size for shape in sites(self.forward, self.params, word).values())
        total = count(self.targets)
        return batching.chunk_size(4 * (units + 3 * total), min(most, ROWS), self.budget, self.mesh)


def empty(targets: int, k: int, time: int) -> Pool:
    """Return pools without texts."""
    shape = (targets, k)
    none, never = jnp.full(shape, -jnp.inf, jnp.float32), jnp.full(shape, -1, jnp.int32)
    return Pool(jnp.zeros((*shape, time), jnp.int32), none, never, jnp.zeros(shape, jnp.int32))


def absorb(scorer: Scorer, pool: Pool, ids: Int[np.ndarray, "row time"], step: int, *, most: int) -> Pool:
    """Score texts, and keep each target's best.

    Args:
        scorer: what scores them.
        pool: the best so far.
        ids: the texts, all different.
        step: the number of this step.
        most: how many texts may be given at most; another number compiles again.
    """
    update = functools.partial(_absorb, scorer.targets, scorer.params, jnp.int32(step), forward=scorer.forward)
    chunk = scorer.rows(ids.shape[1], most)
    return batching.fold_rows(update, pool, ids.astype(np.int32), chunk=chunk, mesh=scorer.mesh)


def scan(
    scorer: Scorer, pool: Pool, texts: Int[np.ndarray, "text time"], place: int, step: int, *, most: int
) -> tuple[Pool, Float[np.ndarray, "target text"], Int[np.ndarray, "target text"]]:
    """Try every candidate at a place of each text.

    Args:
        scorer: what scores them.
        pool: the best so far.
        texts: what stands around the place; no two are equal but for the place.
        place: from 0.
        step: the number of this step.
        most: how many texts may be given at most; another number compiles again.

    Returns:
        The pool; the best score of each target at each text, and the word that has it.
    """
    total, devices = len(scorer.words), scorer.mesh.size if scorer.mesh else 1
    rows = scorer.rows(texts.shape[1], most * total)
    blocks = -(-total // rows)
    width = devices * -(-total // (blocks * devices))
    side = max(1, min(rows // width, most))
    words = np.pad(scorer.words, (0, blocks * width - total))
    best = np.full((count(scorer.targets), len(texts)), -np.inf, np.float32)
    chosen = np.zeros(best.shape, np.int32)
    for first in range(0, len(texts), side):
        some = np.pad(texts[first : first + side], ((0, max(0, first + side - len(texts))), (0, 0)))
        here = slice(first, min(first + side, len(texts)))
        for block in range(blocks):
            index = np.arange(block * width, (block + 1) * width)
            part, valid = batching.shard((jnp.asarray(words[index]), jnp.asarray(index < total)), scorer.mesh)
            gaps = _Gaps(jnp.asarray(some), jnp.arange(side) < here.stop - here.start, part, valid, jnp.int32(place))
            pool, score, word = _scan(
                scorer.targets, scorer.params, jnp.int32(step), pool, gaps, forward=scorer.forward
            )
            size = here.stop - here.start
            score, word = np.asarray(score)[:, :size], np.asarray(word)[:, :size]
            better = score > best[:, here]
            best[:, here], chosen[:, here] = (
                np.where(better, score, best[:, here]),
                np.where(better, word, chosen[:, here]),
            )
    return pool, best, chosen


def _scores(
    targets: Target, params: Params, ids: Array, valid: Bool[Array, "row"], forward: Forward
) -> Float[Array, "target row"]:
    tokens = Tokens(ids, jnp.ones(ids.shape, bool))
    output, activations = forward(params, tokens, {})
    score = jax.vmap(lambda target: target(output, activations, tokens))(targets)
    return jnp.where(valid[None] & ~jnp.isnan(score), score, -jnp.inf)


@functools.partial(jax.jit, static_argnames="forward")
def _absorb(
    targets: Target,
    params: Params,
    step: Array,
    pool: Pool,
    index: Array,
    valid: Array,
    ids: Array,
    *,
    forward: Forward,
) -> Pool:
    return merged(pool, ids, _scores(targets, params, ids, valid, forward), step)


class _Gaps(NamedTuple):
    """Texts with a gap, and the words that are put there; of both some are padding."""

    texts: Int[Array, "text time"]
    there: Bool[Array, "text"]
    words: Int[Array, "word"]
    valid: Bool[Array, "word"]
    place: Int[Array, ""]


@functools.partial(jax.jit, static_argnames="forward")
def _scan(
    targets: Target, params: Params, step: Array, pool: Pool, gaps: _Gaps, *, forward: Forward
) -> tuple[Pool, Array, Array]:
    (side, time), width = gaps.texts.shape, len(gaps.words)
    here = (jnp.arange(time) == gaps.place)[None, None]
    ids = jnp.where(here, gaps.words[None, :, None], gaps.texts[:, None]).reshape(side * width, time)
    real = (gaps.there[:, None] & gaps.valid[None]).ravel()
    score = _scores(targets, params, ids, real, forward)
    each = score.reshape(-1, side, width)
    return merged(pool, ids, score, step), jnp.max(each, axis=-1), gaps.words[jnp.argmax(each, axis=-1)]


def merged(pool: Pool, ids: Int[Array, "row time"], score: Float[Array, "target row"], step: Array) -> Pool:
    """Return pools of the best of what they held and of new texts, which are all different."""
    k = pool.score.shape[1]
    top, row = jax.lax.top_k(score, min(k, score.shape[1]))
    new = ids[row]
    same = jnp.all(new[:, :, None] == pool.ids[:, None], axis=-1) & ~jnp.isneginf(pool.score)[:, None]
    top = jnp.where(jnp.any(same, axis=-1), -jnp.inf, top)
    both, order = jax.lax.top_k(jnp.concatenate([pool.score, top], axis=1), k)  # of equal scores the earlier stays
    added = jnp.broadcast_to(step, top.shape)
    fields = ((pool.ids, new), (pool.step, added), (pool.used, jnp.zeros_like(added)))
    found = (
        jnp.take_along_axis(
            (joined := jnp.concatenate(pair, axis=1)), order.reshape(*order.shape, *[1] * (joined.ndim - 2)), axis=1
        )
        for pair in fields
    )
    kept, steps, used = found
    return Pool(kept, both, jnp.where(jnp.isneginf(both), -1, steps), used)
