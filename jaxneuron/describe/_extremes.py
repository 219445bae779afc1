"""Where units are far out: on which side, at which words, and in which texts."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


class Farthest(NamedTuple):
    """The texts in which units go farthest out, and the word of each where they do; the texts of a unit in a row."""

    unit: Int[np.ndarray, "exemplar"]
    text: Int[np.ndarray, "exemplar"]
    token: Int[np.ndarray, "exemplar"]


def sides(values: Float[np.ndarray, "token unit"]) -> Int[np.ndarray, "unit"]:
    """Return where each unit goes farther out from its mean: 1 high, -1 low; 0 for a unit that never changes.

    It is the sign of the third moment: the side of the longer tail.
    """
    moves = values.max(axis=0) > values.min(axis=0)
    centred = values - values.mean(axis=0, dtype=np.float64)
    scale = np.maximum(np.abs(centred).max(axis=0), np.finfo(np.float64).tiny)
    third = ((centred / scale) ** 3).sum(axis=0)
    return np.where(moves, np.where(third < 0, -1, 1), 0)


def out(values: Float[np.ndarray, "unit item"], share: float) -> Bool[np.ndarray, "unit item"]:
    """Return the items at which each unit is highest: a share of all, without those that equal one that is left out.

    If the highest value itself is had by more than that share, those items are it. A unit that never changes is out
    nowhere.
    """
    items = values.shape[1]
    place = items - 1 - max(round(share * items), 1)
    level = np.partition(values, max(place, 0), axis=1)[:, max(place, 0), None]
    above, top = values > level, values.max(axis=1, keepdims=True)
    above = np.where(above.any(axis=1, keepdims=True), above, values == top)
    return above & (values.min(axis=1, keepdims=True) < top)


def farthest(
    values: Float[np.ndarray, "unit token"],
    chosen: Bool[np.ndarray, "unit text"],
    start: Int[np.ndarray, "text"],
    text: Int[np.ndarray, "token"],
) -> Farthest:
    """Return the first of the highest words in each chosen text of each unit."""
    best = np.maximum.reduceat(values, start, axis=1)
    unit, token = np.nonzero((values == best[:, text]) & chosen[:, text])
    _, first = np.unique(unit * len(start) + text[token], return_index=True)
    return Farthest(unit[first], text[token[first]], token[first])
