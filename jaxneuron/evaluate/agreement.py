"""Do different methods name the same units? Overlap of the top k, a vote of the others, and rank correlation.

Fan, Sajjad, Dalvi et al. 2023, "Evaluating neuron interpretation methods of NLP models" (arXiv:2301.12608): without a
ground truth, a method is as believable as the others agree with it. `AvgOverlap` is the mean Jaccard index of a
method's top units with those of each other method; `NeuronVote` that with the units which the others elect by a Borda
count.

Cost:
    None: sets and orders of rankings that are there.

Fails:
    Methods may agree and all be wrong, as those that follow variance do. Overlap of large k is high by chance: k over
    the units.

Peers:
    The authors' code (Fan et al. 2023); the same measures.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from jaxneuron.types import Ranking


class Agreement(NamedTuple):
    """How far rankings agree, label by label."""

    top: Int[np.ndarray, "k"]  # how many units count as a method's choice
    overlap: Float[np.ndarray, "k *label method method"]  # share of the chosen units in common
    jaccard: Float[np.ndarray, "k *label method method"]  # in common / chosen by either
    average_overlap: Float[np.ndarray, "k *label method"]  # mean Jaccard with each other method
    neuron_vote: Float[np.ndarray, "k *label method"]  # Jaccard with the units that the others elect
    spearman: Float[np.ndarray, "*label method method"]  # of all scores, ties share a rank; nan for a constant score
    kendall: Float[np.ndarray, "*label method method"]  # tau-b of all scores; nan for a constant score


def agreement(
    rankings: Sequence[Ranking], *, top: Sequence[int] = tuple(range(10, 101, 10)), ballot: int = 100
) -> Agreement:
    """Compare rankings of the same units, each with each.

    Args:
        rankings: two or more, one per method, of one shape `[*label, unit]`.
        top: the k of the top-k sets; one beyond the number of units counts as all of them.
        ballot: how many units each method may vote for; the first gets as many points, the last one.

    Returns:
        Tables whose last axes follow `rankings`.

    Raises:
        ValueError: fewer than two rankings, rankings of different shapes, or a k below 1.

    Source:
        Fan et al. 2023.

    Example:
        >>> import jax
        >>> from jaxneuron.ranking import ranked
        >>> one, two = (ranked(jax.numpy.array(row)) for row in ([3.0, 2, 1, 0], [3.0, 0, 1, 2]))
        >>> float(agreement([one, two], top=[2]).jaccard[0, 0, 1])  # {0, 1} and {0, 3}
        0.3333333333333333
    """
    shapes = [np.shape(ranking.order) for ranking in rankings]
    if len(shapes) < 2 or len(set(shapes)) > 1:
        raise ValueError(
            f"expected two or more rankings of one shape, got {shapes}; `ranking.overall` makes one row of many labels"
        )
    if ballot < 1 or not len(top) or min(top) < 1:
        raise ValueError(f"expected top-k sets and ballots of at least one unit, got top={list(top)}, ballot={ballot}")
    place = np.stack([places(ranking) for ranking in rankings], axis=-2)  # [*label method unit]
    units, methods = place.shape[-1], place.shape[-2]
    k = np.minimum(np.asarray(top), units)
    chosen = (place < k.reshape(-1, *[1] * place.ndim)).astype(np.float32)  # [k *label method unit]
    common = np.einsum("...mu,...nu->...mn", chosen, chosen).astype(np.float64)
    size = k.reshape(-1, *[1] * (common.ndim - 1))
    jaccard = common / (2 * size - common)
    others = (jaccard.sum(axis=-1) - 1) / (methods - 1)

    elected = borda(place, ballot=min(ballot, units))  # [*label method unit], places in the vote of the others
    winners = elected < k.reshape(-1, *[1] * place.ndim)
    shared = np.sum(winners & (chosen > 0), axis=-1)
    vote = shared / (2 * size[..., 0] - shared)

    score = np.stack([np.asarray(ranking.score, np.float64) for ranking in rankings], axis=-2)
    score = np.where(np.isnan(score), -np.inf, score)
    return Agreement(k, common / size, jaccard, others, vote, _spearman(score), _kendall(score))


def places(ranking: Ranking) -> Int[np.ndarray, "*label unit"]:
    """Return the place of each unit in a ranking, 0 for the best.

    Example:
        >>> places(Ranking(np.array([0.0, 2, 1]), np.array([1, 2, 0]))).tolist()
        [2, 0, 1]
    """
    return np.argsort(np.asarray(ranking.order), axis=-1, kind="stable")


def borda(place: Int[Any, "*label method unit"], *, ballot: int) -> Int[np.ndarray, "*label method unit"]:
    """Return each unit's place in the vote of all methods but one, for each of them.

    A method gives `ballot` points to its first unit, one less to each next; equal points are ordered by index.
    """
    points = np.maximum(ballot - np.asarray(place), 0)
    total = points.sum(axis=-2, keepdims=True) - points
    order = np.argsort(-total, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable")


def _spearman(score: np.ndarray) -> np.ndarray:
    rank = stats.rankdata(score, axis=-1)
    rank -= rank.mean(axis=-1, keepdims=True)
    product = np.einsum("...mu,...nu->...mn", rank, rank)
    norm = np.sqrt(np.einsum("...mm->...m", product))
    scale = norm[..., :, None] * norm[..., None, :]
    return np.divide(product, scale, out=np.full(product.shape, np.nan), where=scale > 0)


def _kendall(score: np.ndarray) -> np.ndarray:
    methods = score.shape[-2]
    rank = stats.rankdata(score, axis=-1)
    table = np.full((*score.shape[:-1], methods), np.nan)
    for label in np.ndindex(score.shape[:-2]):
        for i in range(methods):
            for j in range(i + 1):
                tau, _ = stats.kendalltau(rank[label][i], rank[label][j])
                table[(*label, i, j)] = table[(*label, j, i)] = tau
    return table
