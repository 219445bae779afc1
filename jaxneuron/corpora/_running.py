"""The best items of each unit so far, while items come in blocks."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Top(NamedTuple):
    """The best items of each unit, best first; item -1 and score 0 where there are fewer."""

    item: Int[np.ndarray, "unit k"]
    score: Float[np.ndarray, "unit k"]


class Both(NamedTuple):
    """The items that move a unit up most, and those that move it down most."""

    highest: Top
    lowest: Top


class Running:
    """The best so far, up and down, of items that come in blocks; of the items of one group, only the best."""

    def __init__(self, units: int, count: int, group: Int[np.ndarray, "item"] | None = None):
        check_count(count)
        self._count, self._group = count, group
        empty = Top(np.full((units, 0), -1, np.int64), np.zeros((units, 0), np.float32))
        self._tops = [empty, empty]

    def add(self, high: Float[Any, "item unit"], low: Float[Any, "item unit"], items: Int[Any, "item"]) -> None:
        for sign, values in enumerate((high, low)):
            score = np.array(values.T, order="C")
            if sign:
                np.negative(score, out=score)
            draw = self._count * (1 if self._group is None else 4)
            new, held = self._drawn(score, items, draw), self._tops[sign]
            self._tops[sign] = self._distinct(
                np.concatenate([held.item, new.item], axis=1), np.concatenate([held.score, new.score], axis=1)
            )

    def _drawn(self, score: Float[np.ndarray, "unit item"], items: Int[np.ndarray, "item"], draw: int) -> Top:
        """Return the best items of different groups among the best `draw`, or among more where these are too few."""
        drawn = best(score, draw)
        top = self._distinct(np.where(drawn.item < 0, -1, items[drawn.item]), drawn.score)
        lacking = np.flatnonzero((top.item < 0).any(axis=1))
        if len(lacking) and draw < score.shape[1]:
            more = self._drawn(score[lacking], items, 4 * draw)
            top.item[lacking], top.score[lacking] = more
        return top

    def _distinct(self, item: Int[np.ndarray, "unit place"], score: Float[np.ndarray, "unit place"]) -> Top:
        """Sort the items of each unit, and keep the best of them, one of each group."""
        if self._group is not None:
            order = np.argsort(-score, axis=1, kind="stable")
            item, score = (np.take_along_axis(value, order, axis=1) for value in (item, score))
            group = np.where(item < 0, -1, self._group[item])
            order = np.argsort(group, axis=1, kind="stable")
            ordered = np.take_along_axis(group, order, axis=1)
            repeated = np.zeros(item.shape, bool)
            np.put_along_axis(repeated, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
            score = np.where(repeated, -np.inf, score)
        order = np.argsort(-score, axis=1, kind="stable")[:, : self._count]
        item, score = (np.take_along_axis(value, order, axis=1) for value in (item, score))
        return Top(np.where(np.isneginf(score), -1, item), score)

    def both(self) -> Both:
        return Both(*both(*self._tops))


def best(score: Float[np.ndarray, "unit item"], count: int) -> Top:
    """Return the best items of each row, the best first; -1 and -inf where there are fewer."""
    items = score.shape[1]
    if count < items:
        item = np.argpartition(score, items - count, axis=1)[:, items - count :]
        item.sort(axis=1)
    else:
        item = np.broadcast_to(np.arange(items), score.shape)
    found = np.take_along_axis(score, item, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    lack = [(0, 0), (0, count - item.shape[1])]
    item, found = (np.take_along_axis(value, order, axis=1) for value in (item, found))
    return Top(np.pad(item, lack, constant_values=-1), np.pad(found, lack, constant_values=-np.inf))


def finished(top: Top) -> Top:
    return Top(top.item, np.where(top.item < 0, 0, top.score))


def both(highest: Top, lowest: Top) -> tuple[Top, Top]:
    """Return the two with the scores as they are: the lowest were found as the highest of their negatives."""
    low = finished(lowest)
    return finished(highest), Top(low.item, -low.score)


def check_count(count: int) -> None:
    if count < 1:
        raise ValueError(f"expected to select at least one item for each unit, got {count}")
