"""What batches offer to the lists of exemplars: the highest and the lowest value of each sentence, and where it is.

It waits until there is much of it, so that the lists are gone through rarely: most of what enters a list early is gone
soon.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt32

from jaxneuron.atlas import Rows

ROOM = 512
"""Sentences that wait: 16 bytes for each and unit."""


class Grouped(NamedTuple):
    """The vectors of a batch that count, sentence by sentence, word by word."""

    row: Int[np.ndarray, "token"]
    word: Int[np.ndarray, "token"]
    start: Int[np.ndarray, "edge"]  # the first token of each sentence, and their number
    sentence: Int[np.ndarray, "sentence"]  # each once


def grouped(rows: Rows, sentence: Int[Any, "text"]) -> list[Grouped]:
    """Return the vectors of a batch that count, in parts for which there is room."""
    text, word = (np.asarray(one).reshape(-1) for one in (rows.text, rows.word))
    (row,) = np.nonzero(text >= 0)
    number = np.asarray(sentence)[text[row]]
    order = np.lexsort((word[row], number))
    row, number = row[order], number[order]
    start = np.append(np.flatnonzero(np.diff(number, prepend=-1)), len(number))
    parts = []
    for first in range(0, len(start) - 1, ROOM):
        edges = start[first : first + ROOM + 1]
        here = row[edges[0] : edges[-1]]
        parts.append(Grouped(here, word[here], edges - edges[0], number[edges[:-1]]))
    return parts


class Offers(NamedTuple):
    """The best of some sentences, each of which is there once."""

    value: Float[np.ndarray, "side room unit"]  # the highest and the lowest; is written to, as what follows
    left: UInt32[np.ndarray, "side room unit"]  # the words of the sentence from the first that is the best on
    sentence: Int[np.ndarray, "sentence"]
    end: Int[np.ndarray, "sentence"]  # where in `word` the words of each end
    word: Int[np.ndarray, "token"]


def nothing(units: int) -> Offers:
    """Return room for offers."""
    none, shape = np.zeros(0, np.int32), (2, ROOM, units)
    return Offers(np.empty(shape, np.float32), np.empty(shape, np.uint32), none, none, none)


def cleared(offers: Offers) -> Offers:
    """Return the room of offers that are not needed any more."""
    none = offers.word[:0]
    return Offers(offers.value, offers.left, none, none, none)


def fits(offers: Offers, part: Grouped) -> bool:
    """Tell whether there is room for a part of a batch, none of whose sentences is there already."""
    return len(offers.sentence) + len(part.sentence) <= ROOM and not np.isin(part.sentence, offers.sentence).any()


def beside(offers: Offers, value: Float[np.ndarray, "vector unit"], part: Grouped) -> Offers:
    """Return what is offered, with a part of a batch that fits."""
    for number, (first, last) in enumerate(pairwise(part.start.tolist()), len(offers.sentence)):
        rows = value.take(part.row[first:last], axis=0)  # it is near when it is read again
        left = np.arange(last - first, 0, -1, dtype=np.min_scalar_type(last - first))[:, None]
        for side, best in enumerate((np.maximum, np.minimum)):
            one = best.reduce(rows, axis=0, out=offers.value[side, number])
            offers.left[side, number] = np.maximum.reduce((rows == one).view(np.uint8) * left, axis=0)
    return Offers(
        offers.value,
        offers.left,
        np.append(offers.sentence, part.sentence),
        np.append(offers.end, part.start[1:] + len(offers.word)),
        np.append(offers.word, part.word),
    )
