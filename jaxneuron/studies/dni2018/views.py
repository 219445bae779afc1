"""What people look at: texts coloured by a unit beside the hypothesis, and passages where the same units are on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron.corpora import matching
from jaxneuron.corpora.hypotheses import Hypothesis
from jaxneuron.studies.dni2018.material import Passages
from jaxneuron.studies.dni2018.results import Found, Match, Matching, Told, View
from jaxneuron.types import Site

LONGEST = 240
"""Symbols of a text that is shown."""

AROUND = 12
"""Symbols on each side of the one at which a unit is highest."""


class _Passage(NamedTuple):
    text: str  # with what is around the passage
    start: int
    stop: int


def views(rows: Sequence[Told], states: Float[np.ndarray, "symbol unit"], found: Passages) -> list[View]:
    """Return the best unit of each hypothesis over a text in which the hypothesis holds, and does not hold.

    Args:
        rows: a row for each hypothesis.
        states: of the units at each symbol.
        found: pieces of text, with what is known of their symbols.
    """
    piece = np.nonzero(found.counted)[0]
    shown = []
    for row in rows:
        labels, best = found.labels.values[:, found.labels.names.index(row.hypothesis)], row.top[0]
        edges = np.bincount(piece[1:], (labels[1:] != labels[:-1]) & (piece[1:] == piece[:-1]), len(found.strings))
        here = np.flatnonzero(piece == int(edges.argmax()))[:LONGEST]
        first = int(np.flatnonzero(found.counted[piece[here[0]]])[0])
        shown.append(
            View(
                row.hypothesis,
                row.group,
                best.unit,
                best.score,
                best.sign,
                text=found.strings[piece[here[0]]][first : first + len(here)],
                activation=np.round(states[here, best.unit], 2).tolist(),
                label=np.round(labels[here], 2).tolist(),
            )
        )
    return shown


def highest(
    rows: Sequence[Told], states: Float[np.ndarray, "symbol unit"], found: Passages, *, site: Site, top: int = 3
) -> list[Found]:
    """Return the first units of each hypothesis with the text before the symbol at which each is highest.

    Args:
        rows: a row for each hypothesis.
        states: of the units at each symbol.
        found: pieces of text, with what is known of their symbols.
        site: where the units are.
        top: units of each hypothesis.
    """
    piece, place = np.nonzero(found.counted)
    made = []
    for row in rows:
        for one in row.top[:top]:
            at = int(np.argmax(states[:, one.unit] * (one.sign or 1)))
            text, middle = found.strings[piece[at]], int(place[at])
            window = text[max(0, middle - AROUND) : middle + 1]
            made.append(Found(row.hypothesis, site, one.unit, one.sign, one.score, window, float(states[at, one.unit])))
    return made


def matches(
    hypothesis: Hypothesis, states: Float[np.ndarray, "symbol unit"], found: Passages, *, count: int = 8
) -> Matching | None:
    """Select the longest passage in which a hypothesis holds, and find where the same units are on elsewhere.

    The threshold is the highest of a few at which at least two units are on throughout; None where there is none.

    Args:
        hypothesis: which.
        states: of the units at each symbol.
        found: pieces of text, with what is known of their symbols.
        count: how many.
    """
    piece, place = np.nonzero(found.counted)
    start, stop = _longest(found.column(hypothesis) > 0.5, piece, most=12)
    for threshold in (0.6, matching.THRESHOLD, 0.1):
        units = matching.select(states, start, stop, threshold=threshold)
        if units.sum() >= 2:
            result = matching.match(states, units, text=piece, threshold=threshold, count=count + 1)
            spans = zip(result.start, result.stop, result.shared, result.jaccard, strict=True)
            like = [
                Match(*_passage(found, piece, place, int(a), int(b)), int(shared), float(jaccard))
                for a, b, shared, jaccard in spans
                if b <= start or a >= stop
            ]
            chosen = _passage(found, piece, place, start, stop)
            return Matching(*chosen, hypothesis.name, threshold, np.flatnonzero(units).tolist(), like[:count])
    return None


def _longest(labels: np.ndarray, piece: np.ndarray, *, most: int) -> tuple[int, int]:
    """Return the longest run of labels that hold within one piece, cut to so many symbols."""
    edges = np.flatnonzero((labels[1:] != labels[:-1]) | (piece[1:] != piece[:-1])) + 1
    start, stop = np.append(0, edges), np.append(edges, len(labels))
    best = int(np.argmax(np.where(labels[start], stop - start, 0)))
    return int(start[best]), int(min(stop[best], start[best] + most))


def _passage(found: Passages, piece: np.ndarray, place: np.ndarray, start: int, stop: int) -> _Passage:
    """Return the text around a range of symbols, and where in it the range is."""
    text, first, last = found.strings[piece[start]], int(place[start]), int(place[stop - 1]) + 1
    begin = max(0, first - 2 * AROUND)
    return _Passage(text[begin : last + 2 * AROUND], first - begin, last - begin)
