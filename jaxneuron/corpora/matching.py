"""Which units are on throughout a passage, and where else are they on together? The question that LSTMVis asks.

A person selects a range of a text and a threshold; `select` returns the units that are on in all of it (and off beside
it, if that is wanted), and `match` finds other passages where as many of them as possible are on at once.

Source: Strobelt, Gehrmann, Pfister, Rush 2016, LSTMVis (arXiv 1606.07461), and the code of its server.
There, a long text is searched up to a limit, and a few units in each piece of it; here, all of it, for all units.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

THRESHOLD = 0.3
"""Where LSTMVis begins; activations lie between -1 and 1."""


class Matches(NamedTuple):
    """Passages where selected units are on, the best first."""

    start: Int[np.ndarray, "match"]  # the first symbol
    stop: Int[np.ndarray, "match"]  # after the last one
    shared: Int[np.ndarray, "match"]  # selected units that are on throughout
    jaccard: Float[np.ndarray, "match"]  # shared units over units that are on here, or selected


def select(
    activations: Float[Any, "symbol unit"],
    start: int,
    stop: int,
    *,
    threshold: float = THRESHOLD,
    before: int = 0,
    after: int = 0,
) -> Bool[np.ndarray, "unit"]:
    """Return which units are on from `start` up to, not including, `stop`.

    Args:
        activations: of each symbol of a text.
        start: the first symbol of the range.
        stop: after the last one.
        threshold: a unit is on where it is at least this.
        before: symbols just before the range at which a unit must be off; what the text does not have counts for off.
        after: the same after the range.

    Raises:
        ValueError: an empty range, or one that is not in the text.

    Example:
        >>> activations = np.array([[0.0, 0.9], [0.8, 0.9], [0.7, 0.1]])
        >>> select(activations, 1, 2).tolist(), select(activations, 1, 2, before=1).tolist()
        ([True, True], [True, False])
    """
    values = np.asarray(activations)
    if values.ndim != 2:
        raise ValueError(f"expected activations [symbol unit], got the shape {values.shape}")
    if not 0 <= start < stop <= len(values):
        raise ValueError(
            f"expected a range of at least one symbol within the {len(values)} of the text, got {start} to {stop}"
        )
    on = values >= threshold
    beside = np.concatenate([on[max(0, start - before) : start], on[stop : stop + after]])
    return np.asarray(on[start:stop].all(axis=0) & ~beside.any(axis=0))


def match(
    activations: Float[Any, "symbol unit"],
    units: Bool[Any, "unit"],
    *,
    text: Int[Any, "symbol"] | None = None,
    threshold: float = THRESHOLD,
    before: int = 0,
    after: int = 0,
    shortest: int = 2,
    candidates: int = 10_000,
    count: int = 50,
) -> Matches:
    """Find passages where the selected units are on together.

    Candidates are runs of symbols over which the number of selected units that are on does not change: first those with
    all of them, then with one less, and so on. They are ordered by the number of selected units that are on throughout,
    then by how few others are, then by their length.

    Args:
        activations: of each symbol of one or more texts.
        units: the selection, as `select` returns it.
        text: the number of each symbol's text; no passage goes beyond one. None: all is one text.
        threshold: as in `select`.
        before: as in `select`.
        after: as in `select`.
        shortest: symbols in a passage, at least.
        candidates: runs that are looked at; the memory is so many times the units.
        count: passages returned.

    Returns:
        At most `count` matches; the passage that was selected is one of them where it is in the text.

    Raises:
        ValueError: no unit is selected, a selection or texts of another size, or a number below 1.

    Example:
        >>> activations = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
        >>> found = match(activations, np.array([True, True]))
        >>> list(zip(found.start.tolist(), found.stop.tolist(), found.shared.tolist()))
        [(0, 2, 2), (3, 5, 1)]
    """
    on = np.asarray(activations) >= threshold
    chosen = np.asarray(units)
    if on.ndim != 2 or chosen.shape != on.shape[1:] or chosen.dtype != bool:
        raise ValueError(
            f"expected activations [symbol unit] and a mask of the units, got {on.shape} and {chosen.shape}"
        )
    if not chosen.any():
        raise ValueError("no unit is selected, so nothing can match; lower the threshold, or select a shorter range")
    if min(shortest, candidates, count) < 1:
        raise ValueError(f"expected numbers of at least 1, got {shortest=}, {candidates=}, {count=}")
    texts = np.zeros(len(on), np.int64) if text is None else np.asarray(text)
    if texts.shape != on.shape[:1]:
        raise ValueError(f"expected the text of each of the {len(on)} symbols, got the shape {texts.shape}")
    start, stop = _runs(on[:, chosen].sum(axis=1), texts, shortest, candidates)
    total = np.concatenate([np.zeros((1, on.shape[1]), np.int32), np.cumsum(on, axis=0, dtype=np.int32)])
    found = total[stop] - total[start] == (stop - start)[:, None]
    first, last = np.searchsorted(texts, texts[start]), np.searchsorted(texts, texts[start], side="right")
    for ahead, behind in ((np.maximum(start - before, first), start), (stop, np.minimum(stop + after, last))):
        found &= total[behind] == total[ahead]
    shared, union = (found & chosen).sum(axis=1), (found | chosen).sum(axis=1)
    order = np.lexsort((start, start - stop, union, -shared))
    order = order[shared[order] > 0][:count]
    return Matches(start[order], stop[order], shared[order], shared[order] / union[order])


def _runs(
    level: Int[np.ndarray, "symbol"], text: Int[np.ndarray, "symbol"], shortest: int, candidates: int
) -> tuple[Int[np.ndarray, "run"], Int[np.ndarray, "run"]]:
    """Return where runs of one level above 0 start and stop, the highest levels first."""
    if (text[1:] < text[:-1]).any():
        raise ValueError("expected the symbols of a text beside one another, and the numbers of the texts ascending")
    edges = np.flatnonzero((level[1:] != level[:-1]) | (text[1:] != text[:-1])) + 1
    start, stop = np.append(0, edges), np.append(edges, len(level))
    kept = np.flatnonzero((stop - start >= shortest) & (level[start] > 0)) if len(level) else np.zeros(0, np.int64)
    kept = kept[np.argsort(-level[start[kept]], kind="stable")][:candidates]
    return start[kept], stop[kept]
