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
    centred = centred / scale
    third = (centred * centred * centred).sum(axis=0)
    return np.where(moves, np.where(third < 0, -1, 1), 0)


def level(values: Float[np.ndarray, "unit item"], share: float) -> Float[np.ndarray, "unit"]:
    """Return the level above which each unit has a share of the items, without those that equal one that is left out.

    If the highest value itself is had by more than that share, the level is the next one below it. A unit that never
    changes is above it nowhere.
    """
    items = values.shape[1]
    place = max(items - 1 - max(round(share * items), 1), 0)
    found = np.partition(values, place, axis=1)[:, place]
    top = values.max(axis=1)
    tied = (found == top) & (values.min(axis=1) < top)
    if tied.any():
        found[tied] = np.where(values[tied] < top[tied, None], values[tied], -np.inf).max(axis=1)
    return found


def out(values: Float[np.ndarray, "unit item"], share: float) -> Bool[np.ndarray, "unit item"]:
    """Return the items at which each unit is above its `level`."""
    return values > level(values, share)[:, None]


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
