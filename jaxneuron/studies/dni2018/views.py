"""What people look at: texts coloured by a unit beside the hypothesis, and passages where the same units are on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron.corpora import matching
from jaxneuron.studies.dni2018.material import Passages

Row = dict[str, Any]

LONGEST = 240
"""Symbols of a text that is shown."""

AROUND = 12
"""Symbols on each side of the one at which a unit is highest."""


def views(rows: Sequence[Row], states: Float[np.ndarray, "symbol unit"], found: Passages) -> list[Row]:
    """Return the best unit of each hypothesis over a text in which the hypothesis holds, and does not hold."""
    piece = np.nonzero(found.counted)[0]
    shown = []
    for row in rows:
        labels = found.labels.values[:, found.labels.names.index(row["hypothesis"])]
        best = row["top"][0]
        edges = np.bincount(piece[1:], (labels[1:] != labels[:-1]) & (piece[1:] == piece[:-1]), len(found.strings))
        here = np.flatnonzero(piece == int(edges.argmax()))[:LONGEST]
        first = int(np.flatnonzero(found.counted[piece[here[0]]])[0])
        values = states[here, best["unit"]]
        shown.append(
            {"hypothesis": row["hypothesis"], "group": row["group"], "unit": best["unit"], "score": best["score"]}
            | {"sign": best["sign"], "text": found.strings[piece[here[0]]][first : first + len(here)]}
            | {"activation": np.round(values, 2), "label": np.round(labels[here], 2)}
        )
    return shown


def highest(
    rows: Sequence[Row], states: Float[np.ndarray, "symbol unit"], found: Passages, *, top: int = 3
) -> list[Row]:
    """Return the first units of each hypothesis with the text around the symbol at which each is highest."""
    piece, place = np.nonzero(found.counted)
    made = []
    for row in rows:
        for one in row["top"][:top]:
            at = int(np.argmax(states[:, one["unit"]] * (one["sign"] or 1)))
            text, middle = found.strings[piece[at]], int(place[at])
            made.append(
                {"target": one["unit"], "name": row["hypothesis"], "method": "single_neuron", "score": one["score"]}
                | {"ngram": text[max(0, middle - AROUND) : middle + 1], "activation": states[at, one["unit"]]}
            )
    return made


def matches(name: str, states: Float[np.ndarray, "symbol unit"], found: Passages, *, count: int = 8) -> Row | None:
    """Select the longest passage in which a hypothesis holds, and find where the same units are on elsewhere.

    The threshold is the highest of a few at which at least two units are on throughout; None where there is none.
    """
    piece, place = np.nonzero(found.counted)
    labels = found.labels.values[:, found.labels.names.index(name)] > 0.5
    start, stop = _longest(labels, piece, most=12)
    for threshold in (0.6, matching.THRESHOLD, 0.1):
        units = matching.select(states, start, stop, threshold=threshold)
        if units.sum() >= 2:
            result = matching.match(states, units, text=piece, threshold=threshold, count=count + 1)
            spans = zip(result.start, result.stop, result.shared, result.jaccard, strict=True)
            return _passage(found, piece, place, start, stop) | {
                "hypothesis": name,
                "threshold": threshold,
                "units": np.flatnonzero(units),
                "matches": [
                    _passage(found, piece, place, int(a), int(b)) | {"shared": int(shared), "jaccard": float(jaccard)}
                    for a, b, shared, jaccard in spans
                    if b <= start or a >= stop
                ][:count],
            }
    return None


def _longest(labels: np.ndarray, piece: np.ndarray, *, most: int) -> tuple[int, int]:
    """Return the longest run of labels that hold within one piece, cut to so many symbols."""
    edges = np.flatnonzero((labels[1:] != labels[:-1]) | (piece[1:] != piece[:-1])) + 1
    start, stop = np.append(0, edges), np.append(edges, len(labels))
    best = int(np.argmax(np.where(labels[start], stop - start, 0)))
    return int(start[best]), int(min(stop[best], start[best] + most))


def _passage(found: Passages, piece: np.ndarray, place: np.ndarray, start: int, stop: int) -> Row:
    """Return the text around a range of symbols, and where in it the range is."""
    text, first, last = found.strings[piece[start]], int(place[start]), int(place[stop - 1]) + 1
    begin = max(0, first - 2 * AROUND)
    return {"text": text[begin : last + 2 * AROUND], "start": first - begin, "stop": last - begin}
