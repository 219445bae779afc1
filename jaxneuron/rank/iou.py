"""Units that are active where a concept holds, and only there: the overlap of two sets of tokens.

Intersection over union, as in Bau et al. 2017, "Network Dissection" (arXiv 1704.05796) and, for text, Mu and Andreas
2020 (arXiv 2006.14032): `|active and concept| / |active or concept|`. This is also what Jaccard's index is; the two
names mean one number. A unit is *active* where it exceeds a level. By default the levels are its own quantiles; given
thresholds are the same for all units. Of several levels, and of both signs, the best counts.

NeuroX's module of this name computes average precision, for one sign, and overwrites its caller's array.

Cost:
    No pass of the model: the activations are read twice (given thresholds: once), counted above and below six levels.

Fails:
    Units without a threshold (neither ReLU nor sparse) have small overlaps throughout. The level is chosen on the same
    tokens: of rare labels the best is high by chance.

Peers:
    NeuroX's iou_probe computes average precision under this name; Network Dissection's code has one level, of 0.5% of
    the places.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from jaxneuron import _labels, batching
from jaxneuron.rank import _levels
from jaxneuron.rank._levels import LevelCounts, update
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table, over_tokens
from jaxneuron.types import Ranking

__all__ = ["SHARES", "Overlap", "finish", "init", "rank", "scores", "update"]

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of the tokens at which a unit may count as active; 0.005 is that of Network Dissection."""


class Overlap(NamedTuple):
    """The best overlap of each unit with each concept, and how the unit has to be read for it."""

    iou: Float[np.ndarray, "label unit"]  # 0 to 1
    sign: Int[np.ndarray, "label unit"]  # 1: active above the level; -1: active below
    level: Float[np.ndarray, "label unit"]  # of activation


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    shares: Sequence[float] | None = None,
    thresholds: Sequence[float] | None = None,
    signed: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by the overlap of where they are active with where each class or concept holds.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read twice for shares, once for thresholds.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        shares: of the tokens, the highest (lowest) of which count as active; above 0, at most 0.5; `SHARES` unless
            thresholds are given.
        thresholds: instead, activations which a unit has to exceed (or, for the other sign, whose negatives it has to
            fall below); 0 or more.
        signed: leave out units that are active by going down.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.

    Returns:
        `score[label, unit]` from 0 to 1, of the best level and sign; 0 for a unit that never changes.

    Raises:
        TypeError, ValueError: shares and thresholds both, or out of range; labels that are no classes or concepts, of
            another number than the tokens, or all the same; an activation that is not finite.

    Example:
        >>> activations = np.array([[3.0], [0.0], [2.0], [0.0]], np.float32)
        >>> rank(None, activations, np.array([True, False, False, False]), thresholds=[1.0]).score.tolist()
        [[0.5]]
    """
    del key
    found = scores(
        activations,
        labels,
        shares=shares,
        thresholds=thresholds,
        signed=signed,
        budget=budget,
        progress=progress,
    )
    return ranked(found.iou)


def scores(
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    shares: Sequence[float] | None = None,
    thresholds: Sequence[float] | None = None,
    signed: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Overlap:
    """Return the best overlap of each unit with each label, and the level and sign that give it.

    Args:
        activations: as in `rank`.
        labels: as in `rank`.
        shares: as in `rank`.
        thresholds: as in `rank`.
        signed: as in `rank`.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.

    Returns:
        A number per label and unit.

    Raises:
        TypeError, ValueError: as in `rank`.
    """
    if shares is not None and thresholds is not None:
        raise ValueError("expected shares or thresholds, got both; leave one out")
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    rows, count = _labels.checked(labels, tokens), 0
    if rows.dtype.kind in "iu":
        rows, count = _labels.classes(rows, tokens)
    else:
        rows = _labels.concepts(rows, tokens)
        count = rows.shape[1]
    if thresholds is not None:
        given = _sizes("thresholds", thresholds, np.inf)
        level = np.broadcast_to(np.r_[given, -given].astype(checked.dtype)[:, None], (2 * len(given), units))
    else:
        given = _sizes("shares", SHARES if shares is None else shares, 0.5)
        active = np.clip(np.round(given * tokens).astype(np.int64), 1, max(1, tokens // 2))
        places = np.concatenate([np.maximum(tokens - active - 1, 0), active % tokens])
        level = _levels.at_places(activations, places, budget=budget)
    counts = init(*np.split(level, 2), labels=count, dtype=checked.dtype)
    counts = over_tokens(update, counts, activations, rows, budget=budget, progress=progress)
    return finish(counts, signed=signed)


def init(
    above: Float[Any, "level unit"], below: Float[Any, "level unit"], *, labels: int, dtype: Any = np.float32
) -> LevelCounts:
    """Return the state before the first word; `update(state, index, valid, activations, labels)` adds a block.

    Args:
        above: a unit is active where it exceeds this.
        below: or, for the other sign, where it is less than this.
        labels: how many classes or concepts.
        dtype: of the activations, float32 or float64.

    Returns:
        The counts over no words.
    """
    # An activation is not less than a level where it exceeds the next lower number.
    lower = np.nextafter(np.asarray(below, dtype), np.asarray(-np.inf, dtype))
    # 0 has a next lower number too small for processors that take such numbers for 0.
    tiny = np.finfo(dtype).tiny
    lower = np.where(np.abs(lower) < tiny, -tiny, lower).astype(dtype)
    return _levels.init(np.concatenate([np.asarray(above, dtype), lower]), labels)


def finish(counts: LevelCounts, *, signed: bool = False) -> Overlap:
    """Return the overlaps after the last word.

    Args:
        counts: the state.
        signed: as in `rank`.

    Returns:
        As `scores`.
    """
    level, tokens, label, above, both = (np.asarray(count) for count in counts)
    half = len(level) // 2
    active = np.concatenate([above[:half], tokens - above[half:]])[:, None]
    both = np.concatenate([both[:half], label[:, None] - both[half:]])
    if signed:
        active, both = active[:half], both[:half]
    overlap = _levels.overlap(active, label, both)
    best = np.argmax(overlap, axis=0)
    unit = np.arange(level.shape[1])
    return Overlap(np.max(overlap, axis=0), np.where(best < half, 1, -1), level[best, unit])


def _sizes(name: str, values: Sequence[float], most: float) -> Float[np.ndarray, "level"]:
    given = np.asarray(values, np.float64)
    lowest = given.min() if given.ndim == 1 and len(given) else np.nan
    if not (lowest >= 0 and given.max() <= most) or (name == "shares" and lowest == 0):
        raise ValueError(f"expected {name} as a list of numbers of at least 0 and at most {most}, got {values!r:.80}")
    return given
