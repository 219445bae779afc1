"""Units whose mean differs most from class to class, without a probe.

Antverg and Belinkov 2022, "On the Pitfalls of Analyzing Individual Neurons in Language Models" (arXiv 2110.07483): a
unit's importance is the sum over all pairs of classes of `|mean_c - mean_c'|`. We give each class a score of its own,
the sum over the pairs it is in; `ranking.overall` orders by the sum over all pairs. Units of large variance win; the
option `scaled` divides by the spread within classes.

Cost:
    No pass of the model: the activations are read once.

Fails:
    Units of large variance come first whatever the label; `scaled` divides that away. What does not show in the mean is
    not seen.

Peers:
    NeuroX's probeless and the authors' code: the same order of all units; we give each class a row beside it.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Float, Shaped

from jaxneuron import batching
from jaxneuron.rank import _sums
from jaxneuron.rank._sums import Sums, update
from jaxneuron.ranking import ranked
from jaxneuron.table import Table
from jaxneuron.types import Ranking

__all__ = ["finish", "init", "rank", "update"]


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    scaled: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by how far apart the means of the classes are.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read once.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        scaled: divide by the standard deviation within classes (concepts: within their tokens, and the others).
        budget: bytes for a block of tokens and what is computed of it.
        progress: called after each block.

    Returns:
        `score[label, unit]`: for a class, the sum over the other classes of `|mean_c - mean_c'|`; for a concept,
        `|mean where it holds - mean elsewhere|`. In units of the activation, or in standard deviations if `scaled`. A
        class without a token takes no part and scores 0, as a concept does that holds nowhere or everywhere.

    Raises:
        TypeError, ValueError: labels that are no classes or concepts, of another number than the tokens, or all the
            same; an activation that is not finite, or scores that float32 does not hold.

    Source: Antverg and Belinkov 2022.

    Example:
        >>> activations = np.array([[0.0, 5.0], [0.0, 5.0], [2.0, 6.0]], np.float32)
        >>> rank(None, activations, np.array([0, 0, 1])).score.tolist()
        [[2.0, 1.0], [2.0, 1.0]]
    """
    del key
    sums, classes = _sums.over(activations, labels, squares=scaled, budget=budget, progress=progress)
    return finish(sums, classes=classes)


def init(labels: int, units: int, *, scaled: bool = False) -> Sums:
    """Return the state before the first word; `update(state, index, valid, activations, labels)` adds a block.

    Args:
        labels: how many classes or concepts.
        units: how many units.
        scaled: as in `rank`.

    Returns:
        The sums over no words.
    """
    return _sums.init(labels, units, squares=scaled)


def finish(sums: Sums, *, classes: bool) -> Ranking:
    """Return the ranking after the last word.

    Args:
        sums: the state.
        classes: whether the labels were classes, `Int[token]`, and no concepts.

    Returns:
        As `rank`.
    """
    inside, outside = _sums.contrast(sums)
    if classes:
        there = inside[sums.label > 0]
        score = np.stack([np.abs(mean - there).sum(axis=0) for mean in inside])
    else:
        score = np.abs(inside - outside)
    if sums.spread is not None and sums.spread.square is not None:
        between = _between(sums, inside, outside, classes)
        within = np.maximum(sums.spread.square - between, 0) / sums.tokens
        moves = (sums.spread.low < sums.spread.high) & (within > 0)
        score = np.divide(score, np.sqrt(within), out=np.zeros_like(score), where=np.broadcast_to(moves, score.shape))
    return ranked(np.nan_to_num(score))


def _between(sums: Sums, inside: np.ndarray, outside: np.ndarray, classes: bool) -> Float[np.ndarray, "#label unit"]:
    """Return `Σ_c n_c mean_c²`: what the squares would be if tokens lay at the mean of their class."""
    parts = np.nan_to_num(sums.label[:, None] * inside**2)
    if classes:
        return parts.sum(axis=0, keepdims=True)
    return parts + np.nan_to_num((sums.tokens - sums.label)[:, None] * outside**2)
