"""How high is a score that a search found, next to all that a corpus has?

A number alone says little of an activation. Its percentile among the n-grams of a corpus says how rare it is, the best
of them what a look through the corpus would have found, and its distance from their mean, in their standard deviations,
is comparable between targets: of random directions, searched in the same way, it says what a search gets out of
anything.

Cost:
    One pass for each n-gram of the corpus, for all targets.

Fails:
    Percentiles of few n-grams are coarse. A search that leaves text behind stands above 100% of it, and is no text.

Peers:
    None that we know of.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.tap import sites
from jaxneuron.targets import count
from jaxneuron.types import Forward, Params, Target, Tokens


class Standing(NamedTuple):
    """Where scores stand among those of a corpus's n-grams; NaN where none of those has a number."""

    percentile: Float[np.ndarray, "target *k"]  # n-grams that score lower, in percent
    best: Float[np.ndarray, "target"]  # the highest score of an n-gram
    mean: Float[np.ndarray, "target"]
    spread: Float[np.ndarray, "target"]  # standard deviation
    excess: Float[np.ndarray, "target *k"]  # (score - mean) / spread; 0 where nothing varies


def standing(
    forward: Forward,
    params: Params,
    targets: Target,
    score: Float[Any, "target *k"],
    ngrams: Tokens,
    *,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Standing:
    """Compare scores of each target with those of all n-grams.

    Args:
        forward: the model.
        params: its weights.
        targets: stacked targets.
        score: what was found for each, one or several.
        ngrams: host arrays `[ngram, time]`.
        budget: bytes of working memory.
        progress: called with (n-grams scored, all n-grams).

    Raises:
        ValueError: no n-grams, or not as many scores as targets.

    Example:
        >>> def forward(params, tokens, edits):
        ...     return None, {"embed": params[tokens.ids]}
        >>> from jaxneuron.targets import Unit
        >>> words = Tokens(np.arange(4)[:, None], np.ones((4, 1), bool))
        >>> found = standing(forward, jnp.arange(4.0)[:, None], Unit("embed", jnp.array([0])), np.array([2.5]), words)
        >>> found.percentile.tolist(), found.best.tolist(), found.mean.tolist()
        ([75.0], [3.0], [1.5])
    """
    total, found = count(targets), np.asarray(score, np.float64)
    if found.shape[:1] != (total,) or not len(ngrams.ids):
        raise ValueError(
            f"expected scores of each of {total} targets and some n-grams, got the shape {found.shape} of scores and "
            f"{len(ngrams.ids)} n-grams"
        )
    each = found.reshape(total, -1)
    one = Tokens(*(jnp.asarray(leaf[:1]) for leaf in ngrams))
    units = sum(shape.size for shape in sites(forward, params, one).values())
    chunk = batching.chunk_size(4 * (units + (2 + each.shape[1]) * total), len(ngrams.ids), budget)
    centre = np.where(np.isfinite(each[:, :1]), each[:, :1], 0.0)  # sums of squares from it stay exact
    below, best = np.zeros(each.shape), np.full(total, -np.inf)
    number, first, second = (np.zeros(total) for _ in range(3))

    def update(carry: None, index: Array, valid: Array, ids: Array, mask: Array) -> None:
        scores = np.asarray(_scores(targets, params, Tokens(ids, mask), forward=forward), np.float64)
        real = np.isfinite(scores) & np.asarray(valid)
        apart = np.where(real, scores - centre, 0.0)
        for field, more in ((number, real), (first, apart), (second, apart**2)):
            field += more.sum(axis=1)
        for rank in range(each.shape[1]):
            below[:, rank] += (real & (scores < each[:, rank, None])).sum(axis=1)
        np.maximum(best, np.where(real, scores, -np.inf).max(axis=1), out=best)

    batching.fold_rows(update, None, np.asarray(ngrams.ids), np.asarray(ngrams.mask), chunk=chunk, progress=progress)
    there = np.where(number > 0, number, np.nan)
    mean, best = first / there, np.where(number > 0, best, np.nan)
    spread = np.sqrt(np.maximum(second / there - mean**2, 0.0))
    mean = mean + centre[:, 0]
    excess = np.where(spread[:, None] > 0, (each - mean[:, None]) / np.where(spread > 0, spread, 1)[:, None], 0.0)
    percent = 100 * below / there[:, None]
    return Standing(percent.reshape(found.shape), best, mean, spread, excess.reshape(found.shape))


@functools.partial(jax.jit, static_argnames="forward")
def _scores(targets: Target, params: Params, tokens: Tokens, *, forward: Forward) -> Float[Array, "target ngram"]:
    output, activations = forward(params, tokens, {})
    return jax.vmap(lambda target: target(output, activations, tokens))(targets)
