"""Units that rise and fall with a concept or a number: Pearson's correlation, or Spearman's, which needs no line.

With a concept (or a class against the others), Pearson's is the point-biserial correlation.

Cost:
    No pass of the model: the activations are read once (Spearman: a few units at a time, and sorted).

Fails:
    What depends on a label in a curve, or by two sides, has a correlation of 0. A rare label cannot correlate much.
    Frequent words decide.

Peers:
    NeuroX's and scipy's, with the same numbers; from sums that stream, for all units and labels at once.
"""

from typing import Any, Literal

import numpy as np
from jaxtyping import Array, Float, Shaped
from scipy.stats import rankdata

from jaxneuron import _labels, batching
from jaxneuron.rank import _order, _sums
from jaxneuron.rank._sums import Sums, update
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Ranking

__all__ = ["finish", "init", "rank", "update"]


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    by: Literal["pearson", "spearman"] = "pearson",
    signed: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by their correlation with each label.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read once.
        labels: classes `Int[token]`, concepts `Bool[token]` or `Bool[token label]`, or numbers `Float[token *label]`.
        by: `"pearson"`, or `"spearman"`: Pearson's of the ranks, where equal values share the mean of theirs.
        signed: keep the sign, so that negative correlations come last; by default the size counts.
        budget: bytes for a block of tokens (spearman: of units) and what is computed of it.
        progress: called after each block.

    Returns:
        `score[label, unit]` from 0 to 1 (signed: -1 to 1); 0 for a unit or a label that never changes.

    Raises:
        TypeError, ValueError: an unknown `by`; labels of another kind or number, or all the same class; an activation
            that is not finite.

    Example:
        >>> activations = np.array([[0.0, 3.0], [1.0, 3.5], [2.0, 0.0]], np.float32)
        >>> rank(None, activations, np.array([1.0, 2.0, 3.0]), by="spearman", signed=True).score.round(2).tolist()
        [[1.0, -0.5]]
    """
    del key
    if by == "pearson":
        sums, _ = _sums.over(activations, labels, squares=True, budget=budget, progress=progress, numbers=True)
        return finish(sums, signed=signed)
    if by != "spearman":
        raise ValueError(f"expected by='pearson' or by='spearman', got by={by!r}")
    tokens, _ = Checked(activations).shape
    columns = _unit_length(rankdata(_labels.numbers(labels, tokens), axis=0))
    columns = np.ascontiguousarray(columns.T, np.float32)

    def one(values: Float[np.ndarray, "token"]) -> Float[np.ndarray, "label"]:
        sort = _order.ascending(values)
        ranks = np.empty(tokens, np.float32)
        ranks[sort.order] = (sort.first + sort.last - (tokens - 1)) / 2
        norm = np.sqrt(np.vdot(ranks, ranks))
        return columns @ ranks / norm if norm > 0 else np.zeros(len(columns), np.float32)

    score = np.clip(_order.map_units(one, activations, budget=budget, progress=progress).T, -1, 1)
    return ranked(score if signed else np.abs(score))


def init(labels: int, units: int) -> Sums:
    """Return the state before the first word; `update(state, index, valid, activations, labels)` adds a block.

    Args:
        labels: how many classes, concepts or kinds of number.
        units: how many units.

    Returns:
        The sums over no words, for Pearson's correlation.
    """
    return _sums.init(labels, units, squares=True)


def finish(sums: Sums, *, signed: bool = False) -> Ranking:
    """Return the ranking by Pearson's correlation after the last word.

    Args:
        sums: the state.
        signed: as in `rank`.

    Returns:
        As `rank`.
    """
    score = _sums.correlation(sums)
    return ranked(score if signed else np.abs(score))


def _unit_length(columns: Float[np.ndarray, "token label"]) -> Float[np.ndarray, "token label"]:
    """Return the columns as distances to their mean, of length 1; a constant one is 0."""
    centred = columns - columns.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
