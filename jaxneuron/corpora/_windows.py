"""Pieces of a sentence that a model reads at once, for those who make them of sub-words, of words or of characters."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int


class Window(NamedTuple):
    """A piece of a sentence that the model reads at once."""

    sentence: int  # which
    ids: Int[np.ndarray, "time"]  # sub-words or symbols, special tokens included
    word: Int[np.ndarray, "time"]  # the word of the sentence that each belongs to; -1 for special tokens
    span: Int[np.ndarray, "time 2"]  # its place in the sentence, joined by spaces; (-1, -1) where it has none
    first: int  # the words that are taken from this window: first ...
    last: int  # ... to just before last


class Split(NamedTuple):
    """A corpus as windows, and what was not plain."""

    windows: list[Window]  # sentence by sentence
    unknown: list[tuple[int, int]]  # (sentence, word) of which nothing was left, read as the unknown token
    cut: list[tuple[int, int]]  # (sentence, word) longer than a window


class Symbols(NamedTuple):
    """A sentence's symbols, without special ones."""

    ids: Int[np.ndarray, "time"]
    word: Int[np.ndarray, "time"]
    span: Int[np.ndarray, "time 2"]


def add(split: Split, number: int, symbols: Symbols, *, room: int, around: tuple[list[int], list[int]]) -> None:
    """Add the windows of a sentence, each between the special tokens.

    Args:
        split: what there is of the sentences before.
        number: of the sentence.
        symbols: of the sentence.
        room: symbols that the model reads at once, beside the special ones.
        around: the ids before and after a text.
    """
    ids, word, span = symbols
    if len(ids) > room:
        place = np.arange(len(word)) - np.searchsorted(word, word)
        split.cut.extend((number, int(index)) for index in np.unique(word[place >= room]))
        ids, word, span = (part[place < room] for part in symbols)
    margins = (len(around[0]), len(around[1]))
    for start, stop, first, last in _edges(word, room):
        split.windows.append(
            Window(
                number,
                np.concatenate([around[0], ids[start:stop], around[1]]).astype(np.int32),
                np.pad(word[start:stop], margins, constant_values=-1).astype(np.int32),
                np.pad(span[start:stop], (margins, (0, 0)), constant_values=-1).astype(np.int32),
                first,
                last,
            )
        )


def _edges(word: np.ndarray, room: int) -> list[tuple[int, int, int, int]]:
    """Return (first sub-word, last, first word, last) of each window; windows begin and end with whole words."""
    if len(word) <= room:
        return [(0, len(word), 0, int(word[-1]) + 1)]
    begins = np.flatnonzero(np.diff(word, prepend=-1))  # where each word begins
    ends = np.append(begins[1:], len(word))
    spans = []
    first = 0
    while True:
        last = int(np.searchsorted(ends, begins[first] + room, side="right"))  # words up to here fit
        spans.append((first, last))
        if last == len(begins):
            break
        halfway = int(np.searchsorted(begins, begins[first] + room // 2))
        first = max(first + 1, min(halfway, last))
    own = (begins + ends) / 2
    nearest, owner = np.full(len(begins), np.inf), np.zeros(len(begins), int)
    for number, (first, last) in enumerate(spans):
        away = np.abs(own[first:last] - (begins[first] + ends[last - 1]) / 2)
        nearer = away < nearest[first:last]
        nearest[first:last] = np.where(nearer, away, nearest[first:last])
        owner[first:last] = np.where(nearer, number, owner[first:last])
    owned = np.searchsorted(owner, np.arange(len(spans) + 1))  # where the words of each window begin
    return [
        (int(begins[first]), int(ends[last - 1]), int(mine), int(past))
        for (first, last), mine, past in zip(spans, owned, owned[1:], strict=False)
        if mine < past
    ]
