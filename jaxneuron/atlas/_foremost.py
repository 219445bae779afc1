"""The best few sentences of each unit, in numpy: what batches offer is put among them, or two lists are joined.

A value and its sentence are one number of 64 bits, by which all that is offered is ordered at once. A unit for which
nothing better is offered, which is most of them after a while, costs no more than to see that.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from jaxneuron.atlas._offers import Offers

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


def put(best: Foremost, offers: Offers, side: int) -> Foremost:
    """Return the best of a list and of what is offered.

    Args:
        best: of before; is not changed.
        offers: what is offered.
        side: 0 for the highest values, 1 for the lowest, whose negatives are in the list.
    """
    sentence, k = offers.sentence, len(best.value)
    if not len(sentence):
        return best
    sign = np.float32(1 - 2 * side)
    offered = offers.value[side, : len(sentence)] * sign + np.float32(0)  # there is one zero
    good = _good(best, offered, sentence)
    row, unit = np.nonzero(good)
    if not len(unit):
        return best
    order = np.argsort(unit.astype(np.min_scalar_type(good.shape[1])), kind="stable")
    row, unit = row[order], unit[order]
    units, first, count = np.unique(unit, return_index=True, return_counts=True)
    before = Foremost(*(np.ascontiguousarray(one[:, units]) for one in best))
    news = np.full((len(units), count.max()), NOTHING)
    rank = np.arange(len(unit)) - np.repeat(first, count)
    news[np.repeat(np.arange(len(units)), count), rank] = _keys(offered[row, unit], sentence[row]) + np.uint64(1)
    keys = np.concatenate([_keys(before.value, before.sentence).T, news], axis=1)
    room = min(2 * k, keys.shape[1])  # of two entries of a sentence, one in each list, the worse one goes
    if room < keys.shape[1]:
        keys = np.partition(keys, room - 1, axis=1)[:, :room]
    keys.sort(axis=1)
    found = _filled(keys[:, :k], before, offers, side, units)
    (twice,) = np.nonzero(_twice(keys))
    if len(twice):
        news = _entries(offered[:, units[twice]], good[:, units[twice]], offers, side, units[twice])
        for whole, part in zip(found, joined(Foremost(*(one[:, twice] for one in before)), news), strict=True):
            whole[:, twice] = part
    after = Foremost(*(np.array(one) for one in best))
    for whole, part in zip(after, found, strict=True):
        whole[:, units] = part
    return after


def _good(
    best: Foremost, offered: Float[np.ndarray, "sentence unit"], sentence: Int[np.ndarray, "sentence"]
) -> Bool[np.ndarray, "sentence unit"]:
    """Tell what may enter a list."""
    least, k = best.value[-1], len(best.value)
    last = best.sentence[-1]
    if k < len(offered) and np.isneginf(least).any():  # of a list that is not full, only its size is among the best
        new = np.partition(offered, len(offered) - k, axis=0)[-k]
        least, last = np.maximum(least, new), np.where(new >= least, NONE, last)
    return (offered > least) | ((offered == least) & (sentence[:, None] <= last))


def _keys(value: Float[np.ndarray, "*entry"], sentence: Int[np.ndarray, "*entry"]) -> UInt64[np.ndarray, "*entry"]:
    """Return whole numbers that ascend as values descend, and with the sentence among equal ones; the last bit is 0."""
    bits = value.view(np.uint32)
    return (_flipped(bits).astype(np.uint64) << np.uint64(32)) | (sentence.astype(np.uint64) << np.uint64(1))


def _flipped(bits: Any) -> Any:
    """Return the bits of numbers of single precision, or what stands for them in a key, as the other."""
    return np.where(bits & SIGN, bits, bits ^ REST)


def _filled(
    keys: UInt64[np.ndarray, "unit k"], before: Foremost, offers: Offers, side: int, units: Int[np.ndarray, "unit"]
) -> Foremost:
    """Return the entries that have these keys; the new ones are those that are offered."""
    value = _flipped((keys >> np.uint64(32)).astype(np.uint32)).view(np.float32)
    sentence = ((keys & np.uint64(2**32 - 1)) >> np.uint64(1)).astype(np.int32)
    new = (keys & np.uint64(1)).astype(bool)
    old = np.maximum(np.cumsum(~new, axis=1) - 1, 0)  # those of before are in their order
    word = np.take_along_axis(before.word.T, old, axis=1)
    order = np.argsort(offers.sentence)
    row = order[np.searchsorted(offers.sentence, sentence[new], sorter=order)]
    word[new] = _words(offers, side, row, units[np.nonzero(new)[0]])
    return Foremost(*(np.ascontiguousarray(one.T) for one in (value, sentence, word)))


def _entries(
    offered: Float[np.ndarray, "sentence unit"],
    good: Bool[np.ndarray, "sentence unit"],
    offers: Offers,
    side: int,
    units: Int[np.ndarray, "unit"],
) -> Foremost:
    """Return what is offered to some units."""
    word, (row, unit) = np.full(offered.shape, NONE, np.int32), np.nonzero(good)
    word[good] = _words(offers, side, row, units[unit])
    value = np.where(good, offered, -np.inf).astype(np.float32)
    return Foremost(value, np.where(good, offers.sentence[:, None], NONE).astype(np.int32), word)


def _words(
    offers: Offers, side: int, row: Int[np.ndarray, "entry"], unit: Int[np.ndarray, "entry"]
) -> Int[np.ndarray, "entry"]:
    """Return the first word of each of these sentences at which its unit is best."""
    return offers.word[offers.end[row] - offers.left[side, row, unit]]


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
