"""Units that are higher, or lower, where a concept holds than elsewhere, as a share of their range.

Mean select, or selectivity, in Fan et al. 2023, "Evaluating Neuron Interpretation Methods of NLP Models" (NeurIPS):
`(mean where it holds - mean elsewhere) / (highest - lowest activation)`.

Cost:
    No pass of the model: the activations are read once.

Fails:
    The range is that of two tokens: one outlier makes all differences small. What does not show in the mean is not
    seen.

Peers:
    The formula of Fan et al. 2023; NeuroX has it not.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Shaped

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
    signed: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by the difference of their means, as a share of their range.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read once.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        signed: keep the sign, so that units which a concept silences come last; by default they come first as well.
        budget: bytes for a block of tokens and what is computed of it.
        progress: called after each block.

    Returns:
        `score[label, unit]` from 0 to 1 (signed: -1 to 1); 0 for a unit that never changes, and for a class or concept
        that holds nowhere or everywhere.

    Raises:
        TypeError, ValueError: labels that are no classes or concepts, of another number than the tokens, or all the
            same; an activation that is not finite.

    Source: Fan et al. 2023.

    Example:
        >>> activations = np.array([[0.0, 3.0], [1.0, 3.0], [2.0, 1.0]], np.float32)
        >>> rank(None, activations, np.array([False, False, True]), signed=True).score.tolist()
        [[0.75, -1.0]]
    """
    del key
    sums, _ = _sums.over(activations, labels, extremes=True, budget=budget, progress=progress)
    return finish(sums, signed=signed)


def init(labels: int, units: int) -> Sums:
    """Return the state before the first word; `update(state, index, valid, activations, labels)` adds a block.

    Args:
        labels: how many classes or concepts.
        units: how many units.

    Returns:
        The sums over no words.
    """
    return _sums.init(labels, units, extremes=True)


def finish(sums: Sums, *, signed: bool = False) -> Ranking:
    """Return the ranking after the last word.

    Args:
        sums: the state.
        signed: as in `rank`.

    Returns:
        As `rank`.

    Raises:
        ValueError: sums that were begun without the range of the units.
    """
    if sums.spread is None:
        raise ValueError("these sums are without the range of the units; begin with `mean_select.init`")
    inside, outside = _sums.contrast(sums)
    reach = np.broadcast_to(sums.spread.high - sums.spread.low, inside.shape)
    score = np.nan_to_num(np.divide(inside - outside, reach, out=np.zeros_like(inside), where=reach > 0))
    return ranked(score if signed else np.abs(score))
