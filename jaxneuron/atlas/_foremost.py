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


class Foremost(NamedTuple):
    """The best sentences so far, the best first; equal values by sentence, then by word."""

    value: Float[Any, "k unit"]  # -inf where there are fewer
    sentence: Int[Any, "k unit"]
    word: Int[Any, "k unit"]


class Grouped(NamedTuple):
    """The vectors of a batch, sentence by sentence, word by word."""

    value: Float[np.ndarray, "token unit"]
    word: Int[np.ndarray, "token"]
    start: Int[np.ndarray, "edge"]  # the first vector of each sentence, and their number
    sentence: Int[np.ndarray, "sentence"]  # each once


def grouped(batch: Flat) -> Grouped:
    """Return the vectors of a batch that count."""
    (kept,) = np.nonzero(batch.rows.text >= 0)
    sentence, word = batch.sentence[batch.rows.text[kept]], batch.rows.word[kept]
    start = _starts(sentence)
    back = ((np.diff(word) < 0) & (np.diff(sentence) == 0)).any()
    if back or len(np.unique(sentence)) < len(start) - 1:  # one in several windows, or a text that occurs twice
        order = np.lexsort((word, sentence))
        kept, sentence, word = kept[order], sentence[order], word[order]
        start = _starts(sentence)
    whole = np.array_equal(kept, np.arange(len(kept)))
    value = batch.value[: len(kept)] if whole else batch.value[kept]
    return Grouped(value, word, start, sentence[start[:-1]])


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
    row, unit = np.nonzero(good)
    if not len(unit):
        return best
    order = np.argsort(unit, kind="stable")
    row, unit = row[order], unit[order]
    units, first, count = np.unique(unit, return_index=True, return_counts=True)
    k, before = len(best.value), Foremost(*(np.ascontiguousarray(one[:, units]) for one in best))
    news = np.full((len(units), count.max()), NOTHING)
    rank = np.arange(len(unit)) - np.repeat(first, count)
    news[np.repeat(np.arange(len(units)), count), rank] = _keys(offered[row, unit], batch.sentence[row]) + np.uint64(1)
    keys = np.concatenate([_keys(before.value, before.sentence).T, news], axis=1)
    room = min(2 * k, keys.shape[1])  # of two entries of a sentence, one in each list, the worse one goes
    if room < keys.shape[1]:
        keys = np.partition(keys, room - 1, axis=1)[:, :room]
    keys.sort(axis=1)
    where = _where(batch, offered * np.float32(sign), good.any(axis=1))[:, units]
    found = _filled(keys[:, :k], before, batch, where)
    (twice,) = np.nonzero(_twice(keys))
    if len(twice):
        some = good[:, units[twice]]
        news = Foremost(
            np.where(some, offered[:, units[twice]], -np.inf).astype(np.float32),
            np.where(some, batch.sentence[:, None], NONE).astype(np.int32),
            np.where(some, batch.word[where[:, twice]], NONE).astype(np.int32),
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


def _keys(value: Float[np.ndarray, "*entry"], sentence: Int[np.ndarray, "*entry"]) -> UInt64[np.ndarray, "*entry"]:
    """Return whole numbers that ascend as values descend, and with the sentence among equal ones; the last bit is 0."""
    bits = value.view(np.uint32)
    return (_flipped(bits).astype(np.uint64) << np.uint64(32)) | (sentence.astype(np.uint64) << np.uint64(1))


def _flipped(bits: Any) -> Any:
    """Return the bits of numbers of single precision, or what stands for them in a key, as the other."""
    return np.where(bits & SIGN, bits, bits ^ REST)


def _filled(
    keys: UInt64[np.ndarray, "unit k"], before: Foremost, batch: Grouped, where: Int[np.ndarray, "sentence unit"]
) -> Foremost:
    """Return the entries that have these keys; the new ones are those of a batch, at these of its vectors."""
    value = _flipped((keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    sentence = ((keys & np.uint64(2**32 - 1)) >> np.uint64(1)).astype(np.int32)
    new = (keys & np.uint64(1)).astype(bool)
    old = np.maximum(np.cumsum(~new, axis=1) - 1, 0)  # those of before are in their order
    word = np.take_along_axis(before.word.T, old, axis=1)
    order = np.argsort(batch.sentence)
    row = order[np.searchsorted(batch.sentence, sentence[new], sorter=order)]
    word[new] = batch.word[where[row, np.nonzero(new)[0]]]
    return Foremost(*(np.ascontiguousarray(one.T) for one in (value, sentence, word)))


def _where(
    batch: Grouped, best: Float[np.ndarray, "sentence unit"], asked: Bool[np.ndarray, "sentence"]
) -> Int[np.ndarray, "sentence unit"]:
    """Return the first vector of each sentence at which a unit is best; 0 for sentences that are not asked for."""
    where = np.zeros(best.shape, np.int32)
    for row in np.flatnonzero(asked).tolist():
        first, last = batch.start[row : row + 2].tolist()
        left = np.arange(last - first, 0, -1, dtype=np.min_scalar_type(last - first))  # the first hit has most left
        hit = (batch.value[first:last] == best[row]).view(np.uint8)
        np.subtract(last, np.maximum.reduce(hit * left[:, None]), out=where[row], dtype=np.int32)
    return where


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
