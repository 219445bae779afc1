"""The best texts of each target at several levels of cross-entropy: at each level, those that are no less likely."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.find import _score
from jaxneuron.find._language import Language, cross_entropy
from jaxneuron.find._score import Pool, Scorer
from jaxneuron.tap import sites
from jaxneuron.targets import count
from jaxneuron.types import Forward, Params, Target, Tokens

NEAR = 1e-5
"""Nats by which a text may be above a level: rounding."""


class Judge(NamedTuple):
    """What scores texts, and says how likely they are."""

    scorer: Scorer
    language: Language
    repetition: Array  # scalar, nats that a text with nothing but words that it had before costs

    @property
    def given(self) -> "_Given":
        """What a compiled function reads."""
        return _Given(self.scorer.targets, self.scorer.params, self.language, self.repetition)

    def chunk(self, time: int, most: int) -> int:
        """Return how many texts to read at once, of at most so many."""
        one = _bytes(self.scorer.forward, self.scorer.params, time, len(self.scorer.allowed))
        item_bytes = one + 96 * count(self.scorer.targets)
        return batching.chunk_size(item_bytes, min(most, _score.ROWS), self.scorer.budget, self.scorer.mesh)


class _Given(NamedTuple):
    """What of a judge a compiled function reads."""

    targets: Target
    params: Params
    language: Language
    repetition: Array


class Corpus(NamedTuple):
    """What the n-grams of a corpus say of the targets and of the language."""

    cost: Float[np.ndarray, "ngram"]  # cross-entropy of each, and its penalty
    scale: Float[np.ndarray, "target"]  # standard deviation of each target; 1 where nothing varies


def text(ids: Int[Array, "*text time"]) -> Tokens:
    """Return texts, rows of words with -1 behind their end, as a model reads them."""
    return Tokens(jnp.maximum(ids, 0), ids >= 0)


def measured(judge: Judge, ids: Int[np.ndarray, "ngram time"]) -> Corpus:
    """Read the n-grams of a corpus."""
    scorer, total = judge.scorer, count(judge.scorer.targets)
    number, first, second = (np.zeros(total) for _ in range(3))
    centre: list[np.ndarray] = []
    cost = np.zeros(len(ids), np.float32)

    def update(carry: None, index: Array, valid: Array, ids: Array) -> None:
        score, price = _judged(judge.given, ids, forward=scorer.forward)
        real = np.asarray(valid)
        cost[np.asarray(index)[real]] = np.asarray(price)[real]
        each = np.asarray(score, np.float64)[:, real]
        there = np.isfinite(each)
        centre[:] = centre or [np.where(there, each, 0.0)[:, :1]]  # sums of squares from it stay exact
        apart = np.where(there, each - centre[0], 0.0)
        for field, more in ((number, there), (first, apart), (second, apart**2)):
            field += more.sum(axis=1)

    batching.fold_rows(update, None, ids, chunk=judge.chunk(ids.shape[1], len(ids)), mesh=scorer.mesh)
    number = np.maximum(number, 1)
    scale = np.sqrt(np.maximum(second / number - (first / number) ** 2, 0.0))
    return Corpus(cost, np.where(scale > 0, scale, 1.0).astype(np.float32))


def empty(levels: int, pool: Pool) -> Pool:
    """Return pools without texts, `[level, target, k]`."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[None], (levels, *leaf.shape)), pool)


def absorb(
    judge: Judge, pools: Pool, levels: Float[Array, "level"], ids: Int[np.ndarray, "row time"], step: int, most: int
) -> Pool:
    """Score texts, and keep each target's best at each level.

    Args:
        judge: what scores them.
        pools: the best so far, `[level, target, k]`.
        levels: the most that a text may cost at each.
        ids: the texts, all different.
        step: the number of this step.
        most: how many texts may be given at most; another number compiles again.
    """
    scorer = judge.scorer
    update = functools.partial(_absorb, judge.given, levels, jnp.int32(step), forward=scorer.forward)
    chunk = judge.chunk(ids.shape[1], most)
    return batching.fold_rows(update, pools, ids.astype(np.int32), chunk=chunk, mesh=scorer.mesh)


def costs(
    forward: Forward, params: Params, language: Language, ids: Int[np.ndarray, "*text time"], budget: int
) -> Float[np.ndarray, "*text"]:
    """Return the cross-entropy of each text, without a penalty, in nats."""
    rows = ids.reshape(-1, ids.shape[-1]).astype(np.int32)
    chunk = batching.chunk_size(_bytes(forward, params, ids.shape[-1], len(language.first)), len(rows), budget)
    found = batching.map_chunks(functools.partial(_cost, language, params, forward=forward), rows, chunk=chunk)
    return np.asarray(found).reshape(ids.shape[:-1])


def _bytes(forward: Forward, params: Params, time: int, vocab: int) -> int:
    """Return the working memory of one text."""
    word = Tokens(jnp.zeros((1, time), jnp.int32), jnp.ones((1, time), bool))
    return 4 * (sum(shape.size for shape in sites(forward, params, word).values()) + 3 * time * vocab)


@functools.partial(jax.jit, static_argnames="forward")
def _cost(language: Language, params: Params, ids: Array, *, forward: Forward) -> Float[Array, "row"]:
    tokens = text(ids)
    return cross_entropy(language, forward(params, tokens, {})[0], tokens)


@functools.partial(jax.jit, static_argnames="forward")
def _judged(given: _Given, ids: Array, *, forward: Forward) -> tuple[Float[Array, "target row"], Float[Array, "row"]]:
    """Return the score of each text for each target, and what it costs."""
    tokens = text(ids)
    output, activations = forward(given.params, tokens, {})
    score = jax.vmap(lambda target: target(output, activations, tokens))(given.targets)
    before = jnp.tril(jnp.ones((ids.shape[1],) * 2, bool), -1)
    again = jnp.any((ids[:, :, None] == ids[:, None]) & before[None], axis=-1) & tokens.mask
    share = jnp.sum(again, axis=1) / jnp.maximum(jnp.sum(tokens.mask, axis=1), 1)
    return score, cross_entropy(given.language, output, tokens) + given.repetition * share


@functools.partial(jax.jit, static_argnames="forward")
def _absorb(
    given: _Given,
    levels: Float[Array, "level"],
    step: Array,
    pools: Pool,
    index: Array,
    valid: Bool[Array, "row"],
    ids: Array,
    *,
    forward: Forward,
) -> Pool:
    score, cost = _judged(given, ids, forward=forward)
    score = jnp.where(valid[None] & ~jnp.isnan(score), score, -jnp.inf)
    fluent = cost[None] <= levels[:, None] + NEAR
    each = jnp.where(fluent[:, None], score[None], -jnp.inf)
    return jax.vmap(_score.merged, (0, None, 0, None))(pools, ids, each, step)
