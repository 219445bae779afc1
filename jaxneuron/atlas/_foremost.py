"""The best few sentences of each unit, in numpy: what a batch offers is put among them, or two lists are joined.

A value and its sentence are one number of 64 bits, by which all that is offered is ordered at once. A unit for which a
batch has nothing better, which is most of them after a while, costs no more than the best value of each sentence.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from jaxneuron.atlas._sites import Flat

NONE = np.iinfo(np.int32).max
"""The sentence of an entry that is not filled: later than any."""

NOTHING = np.uint64(2**64 - 1)
"""The key of what is not offered: behind all entries, filled or not."""

SIGN, REST = np.uint32(2**31), np.uint32(2**31 - 1)
"""Bits of a number of single precision."""

ENTRIES = 2**20
"""Values that are looked through at a time for the word of an entry."""


class Foremost(NamedTuple):
    """The best sentences so far, the best first; equal values by sentence, then by word."""

    value: Float[Any, "k unit"]  # -inf where there are fewer
    sentence: Int[Any, "k unit"]
    word: Int[Any, "k unit"]


class Grouped(NamedTuple):
    """The vectors of a batch, sentence by sentence."""

    value: Float[np.ndarray, "token unit"]
    word: Int[np.ndarray, "token"]
    start: Int[np.ndarray, "edge"]  # the first vector of each sentence, and their number
    sentence: Int[np.ndarray, "sentence"]  # each once


def grouped(batch: Flat) -> Grouped:
    """Return the vectors of a batch that count."""
    (kept,) = np.nonzero(batch.rows.text >= 0)
    sentence = batch.sentence[batch.rows.text[kept]]
    start = _starts(sentence)
    if len(np.unique(sentence)) < len(start) - 1:  # one in several windows, or a text that occurs twice
        order = np.argsort(sentence, kind="stable")
        kept, sentence = kept[order], sentence[order]
        start = _starts(sentence)
    whole = np.array_equal(kept, np.arange(len(kept)))
    value = batch.value[: len(kept)] if whole else batch.value[kept]
    return Grouped(value, batch.rows.word[kept], start, sentence[start[:-1]])


def _starts(sentence: Int[np.ndarray, "token"]) -> Int[np.ndarray, "edge"]:
    changes = np.flatnonzero(np.diff(sentence, prepend=-1))
    return np.append(changes, len(sentence))


def put(best: Foremost, batch: Grouped, sign: int) -> Foremost:
    """Return the best of a list and of what a batch offers.

    Args:
        best: of before; is not changed.
        batch: of `grouped`.
        sign: 1 for the highest values, -1 for the lowest, whose negatives are in the list.
    """
    if not len(batch.sentence):
        return best
    offered = _offered(batch, sign)
    ties = (offered == best.value[-1]) & (batch.sentence[:, None] <= best.sentence[-1])
    good = (offered > best.value[-1]) | ties
    (units,) = np.nonzero(good.any(axis=0))
    if not len(units):
        return best
    k, good, offered = len(best.value), good[:, units], np.ascontiguousarray(offered[:, units])
    before = Foremost(*(np.ascontiguousarray(one[:, units]) for one in best))
    news = np.where(good, _keys(offered, batch.sentence[:, None]) + np.uint64(1), NOTHING)
    keys = np.concatenate([_keys(before.value, before.sentence), news]).T.copy()
    room = min(2 * k, keys.shape[1])  # of two entries of a sentence, one in each list, the worse one goes
    if room < keys.shape[1]:
        keys = np.partition(keys, room - 1, axis=1)[:, :room]
    keys.sort(axis=1)
    found = _filled(keys[:, :k], before, batch, units, sign)
    (twice,) = np.nonzero(_twice(keys))
    if len(twice):
        rows, columns = np.nonzero(good[:, twice])
        word = np.full((len(good), len(twice)), NONE, np.int32)
        word[rows, columns] = _words(batch, rows, units[twice][columns], sign * offered[rows, twice[columns]])
        news = Foremost(
            np.where(good[:, twice], offered[:, twice], -np.inf).astype(np.float32),
            np.where(good[:, twice], batch.sentence[:, None], NONE).astype(np.int32),
            word,
        )
        for whole, part in zip(found, joined(Foremost(*(one[:, twice] for one in before)), news), strict=True):
            whole[:, twice] = part
    after = Foremost(*(np.array(one) for one in best))
    for whole, part in zip(after, found, strict=True):
        whole[:, units] = part
    return after


def _offered(batch: Grouped, sign: int) -> Float[np.ndarray, "sentence unit"]:
    """Return the best value of each sentence."""
    best = np.empty((len(batch.sentence), batch.value.shape[1]), np.float32)
    for row, (first, last) in enumerate(zip(batch.start, batch.start[1:], strict=False)):
        (np.maximum if sign > 0 else np.minimum).reduce(batch.value[first:last], axis=0, out=best[row])
    return best * np.float32(sign) + np.float32(0)  # there is one zero


def _keys(
    value: Float[np.ndarray, "entry unit"], sentence: Int[np.ndarray, "entry #unit"]
) -> UInt64[np.ndarray, "entry unit"]:
    """Return whole numbers that ascend as values descend, and with the sentence among equal ones; the last bit is 0."""
    bits = value.view(np.uint32)
    return (_flipped(bits).astype(np.uint64) << np.uint64(32)) | (sentence.astype(np.uint64) << np.uint64(1))


def _flipped(bits: Any) -> Any:
    """Return the bits of numbers of single precision, or what stands for them in a key, as the other."""
    return np.where(bits & SIGN, bits, bits ^ REST)


def _filled(
    keys: UInt64[np.ndarray, "unit k"], before: Foremost, batch: Grouped, units: Int[np.ndarray, "unit"], sign: int
) -> Foremost:
    """Return the entries that have these keys."""
    value = _flipped((keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    sentence = ((keys & np.uint64(2**32 - 1)) >> np.uint64(1)).astype(np.int32)
    new = (keys & np.uint64(1)).astype(bool)
    old = np.maximum(np.cumsum(~new, axis=1) - 1, 0)  # those of before are in their order
    word = np.take_along_axis(before.word.T, old, axis=1)
    rows, columns = np.nonzero(new)
    order = np.argsort(batch.sentence)
    group = order[np.searchsorted(batch.sentence, sentence[rows, columns], sorter=order)]
    word[rows, columns] = _words(batch, group, units[rows], sign * value[rows, columns])
    return Foremost(*(np.ascontiguousarray(one.T) for one in (value, sentence, word)))


def _words(
    batch: Grouped,
    group: Int[np.ndarray, "entry"],
    unit: Int[np.ndarray, "entry"],
    value: Float[np.ndarray, "entry"],
) -> Int[np.ndarray, "entry"]:
    """Return the first word of a sentence at which a unit has a value."""
    first, length = batch.start[group], batch.start[group + 1] - batch.start[group]
    found, bound, shortest = np.empty(len(group), np.int32), 8, 0
    while shortest < length.max(initial=0):
        (entries,) = np.nonzero((length > shortest) & (length <= bound))
        for start in range(0, len(entries), ENTRIES // bound + 1):
            here = entries[start : start + ENTRIES // bound + 1]
            rows = first[here][:, None] + np.minimum(np.arange(bound), length[here][:, None] - 1)
            hit = batch.value[rows, unit[here][:, None]] == value[here][:, None]
            found[here] = np.where(hit, batch.word[rows], NONE).min(axis=1)
        shortest, bound = bound, 2 * bound
    return found


def _twice(keys: UInt64[np.ndarray, "unit entry"]) -> Bool[np.ndarray, "unit"]:
    """Return which units have two entries of a sentence."""
    sentence = ((keys & np.uint64(2**32 - 1)) >> np.uint64(1)).astype(np.int32)
    sentence.sort(axis=1)
    return ((sentence[:, 1:] == sentence[:, :-1]) & (sentence[:, 1:] != NONE)).any(axis=1)


def joined(one: Foremost, other: Foremost) -> Foremost:
    """Return the best of two lists, of each sentence its better entry."""
    value, sentence, word = (np.concatenate(both).T for both in zip(one, other, strict=True))
    order = np.lexsort((word, sentence, -value), axis=1)
    value, sentence, word = (np.take_along_axis(each, order, axis=1) for each in (value, sentence, word))
    before = np.tri(value.shape[1], k=-1, dtype=bool)
    again = np.stack([((row[:, None] == row) & before).any(axis=1) for row in sentence])  # of a sentence ahead of it
    again &= sentence != NONE
    first = np.argsort(again, axis=1, kind="stable")[:, : len(one.value)]
    return Foremost(*(np.take_along_axis(each, first, axis=1).T for each in (value, sentence, word)))
