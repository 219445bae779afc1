"""Texts scored exactly, for all targets at once: whatever is tried for one target counts for all.

Each target has a pool of the best texts that anybody tried. A forward pass is shared: what a target reads from it costs
little beside it.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.find import Onward
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
    onward: Onward | None = None

    @property
    def words(self) -> Int[np.ndarray, "candidate"]:
        """The numbers of the words that are allowed."""
        return np.flatnonzero(self.allowed).astype(np.int32)

    def rows(self, length: int, most: int, more: int = 0) -> int:
        """Return how many texts to score at once, of at most so many, each with `more` bytes beside."""
        word = Tokens(jnp.zeros((1, length), jnp.int32), jnp.ones((1, length), bool))
        units = sum(shape.size for shape in sites(self.forward, self.params, word).values())
        total = count(self.targets)
        return batching.chunk_size(4 * (units + 3 * total) + more, min(most, ROWS), self.budget, self.mesh)


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


def scores(
    targets: Target, params: Params, ids: Int[Array, "row time"], forward: Forward
) -> Float[Array, "target row"]:
    """Return the score of each text for each target."""
    tokens = Tokens(ids, jnp.ones(ids.shape, bool))
    output, activations = forward(params, tokens, {})
    return jax.vmap(lambda target: target(output, activations, tokens))(targets)


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
    score = scores(targets, params, ids, forward)
    return merged(pool, ids, jnp.where(valid[None] & ~jnp.isnan(score), score, -jnp.inf), step)


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
