"""Units that detect a concept: their activation, taken as a score, puts the concept's tokens first.

Finding experts: Suau, Zappella, Apostoloff 2020, "Finding Experts in Transformer Models" (arXiv 2005.07647): a unit's
expertise is the average precision of its activation. Here `AP = Σ_k (R_k - R_{k-1}) P_k` over the distinct activations
k, from the highest down: tokens of equal activation enter together (as in scikit-learn). A unit may also detect by
going down, so that the better of both signs counts. Each unit is sorted once, for all concepts and both signs.

Cost:
    No pass of the model: each unit is read and sorted once, for all labels and both signs.

Fails:
    The tokens of a rare label are few, and the best of thousands of units is best by chance, too: measure it on other
    tokens. Blind to units that detect by a middle range.

Peers:
    The authors' code (`ml-selfcond`) and scikit-learn's average_precision_score, with the same numbers; one unit and
    label at a time.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Shaped

from jaxneuron import _labels, batching
from jaxneuron.rank import _order
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Ranking


class Expertise(NamedTuple):
    """How well each unit detects each concept; 0 (auroc: 0.5) where a concept has no tokens to detect."""

    rising: Float[np.ndarray, "label unit"]  # average precision of the activation; the share of tokens is chance
    falling: Float[np.ndarray, "label unit"]  # average precision of minus the activation
    auroc: Float[np.ndarray, "label unit"]  # area under the ROC curve of the activation; below 0.5 it falls


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    signed: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by the average precision with which they detect each class or concept.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read a few units at a time.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        signed: count only units that rise with the concept, as in the paper; by default the better of both signs.
        budget: bytes for a block of units.
        progress: called after each block.

    Returns:
        `score[label, unit]` from 0 to 1. A unit that never changes scores what chance does, the label's share of the
        tokens; a label without a token scores 0. `scores` tells the sign.

    Raises:
        TypeError, ValueError: labels that are no classes or concepts, of another number than the tokens, or all the
            same; an activation that is not finite.

    Source: Suau et al. 2020.

    Example:
        >>> activations = np.array([[0.9, 0.0], [0.1, 3.0], [0.8, 2.0]], np.float32)
        >>> rank(None, activations, np.array([True, False, True])).score.tolist()
        [[1.0, 1.0]]
    """
    del key
    found = scores(activations, labels, budget=budget, progress=progress)
    best = found.rising if signed else np.maximum(found.rising, found.falling)
    return ranked(best)


def scores(
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Expertise:
    """Return average precision for both signs, and the area under the ROC curve.

    `AUROC` is the share of pairs of a token with the label and one without in which the first has the higher
    activation; equal ones count half.

    Args:
        activations: as in `rank`.
        labels: as in `rank`.
        budget: bytes for a block of units.
        progress: called after each block.

    Returns:
        A number per label and unit, in float64.

    Raises:
        TypeError, ValueError: as in `rank`.
    """
    tokens, _ = Checked(activations).shape
    members = _order.members(_labels.concepts(labels, tokens))
    score = _order.map_units(lambda values: _unit(values, members), activations, budget=budget, progress=progress)
    return Expertise(*np.ascontiguousarray(score.transpose(1, 2, 0)))


def _unit(values: Float[np.ndarray, "token"], members: _order.Members) -> Float[np.ndarray, "measure label"]:
    """Return the three measures of one unit for every label."""
    tokens, sort = len(values), _order.ascending(values)
    place = _order.member_places(members, _order.places(sort))
    start, size = members.start[members.group], members.size[members.group]
    low, high = (sort.first[place], sort.last[place]) if sort.tied else (place, place)
    first = last = np.arange(len(place))
    if sort.tied:  # tokens of one label and of equal activation
        first, last = _order.runs((low[1:] != low[:-1]) | (members.group[1:] != members.group[:-1]))
    rising = (start + size - first) / (tokens - low)  # precision among the activations that are at least as high
    falling = (last - start + 1) / (high + 1)
    held = members.size > 0
    result = np.zeros((3, len(held)))
    result[2] = 0.5
    n, starts = members.size[held], members.start[held]
    result[0, held] = np.add.reduceat(rising, starts) / n if len(n) else 0
    result[1, held] = np.add.reduceat(falling, starts) / n if len(n) else 0
    some = held & (members.size < tokens)
    if np.any(some):
        middle = np.add.reduceat((low + high) / 2, starts)[some[held]]
        n = members.size[some]
        result[2, some] = (middle - n * (n - 1) / 2) / (n * (tokens - n))
    return result
