"""The words at which units are farthest out, and the words around them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.describe import _extremes, _said
from jaxneuron.describe._words import Words
from jaxneuron.table import Table, over_units

BEFORE, AFTER = 6, 3
"""Words that are shown around an exemplar."""


class Exemplars(NamedTuple):
    """The exemplars of units, those of the described side first, on each side the farthest first."""

    words: Words  # of the text that they are in
    token: Int[np.ndarray, "unit k"]  # -1 where there are fewer
    weight: Float[np.ndarray, "unit k"]  # how far it is from the unit's mean there, signed
    side: Int[np.ndarray, "unit"]  # as `Described.side`
    constant: Float[np.ndarray, "unit"]  # the first value, of a unit that never changes the only one


def find(activations: Table, words: Words, count: int, *, budget: int) -> Exemplars:
    """Return the exemplars of both sides, at most so many of each, and at most one of a text and side.

    Raises:
        ValueError: an activation that is not finite; none are asked for.
    """
    if count < 1:
        raise ValueError(f"expected at least 1 exemplar, got {count}")
    units, few = activations.shape[1], min(count, len(words.length))
    token, weight = np.full((units, 2 * few), -1), np.zeros((units, 2 * few))
    side, constant = np.zeros(units, np.int64), np.zeros(units)
    for here, block in over_units(activations, budget=budget, copies=8):
        side[here], constant[here] = _extremes.sides(block), block[0]
        apart = side[here] * (block - block.mean(axis=0, dtype=np.float64))
        for half, sign in enumerate((1, -1)):
            values = np.ascontiguousarray((sign * apart).T)
            peak = np.maximum.reduceat(values, words.start, axis=1)
            best = np.argsort(-peak, axis=1, kind="stable")[:, :few]
            chosen = np.zeros(peak.shape, bool)
            np.put_along_axis(chosen, best, True, axis=1)
            found = _extremes.farthest(values, chosen, words.start, words.text)  # a unit's texts ascend
            place = np.argsort(np.argsort(best, axis=1), axis=1)
            mine = slice(half * few, (half + 1) * few)
            token[here, mine] = np.take_along_axis(found.token.reshape(len(values), few), place, axis=1)
            weight[here, mine] = sign * np.maximum(np.take_along_axis(peak, best, axis=1), 0)
    return Exemplars(words, np.where(weight != 0, token, -1), weight * side[:, None], side, constant)


def window(words: Words, token: int) -> tuple[int, int]:
    """Return the first word that is shown around a word, and the one after the last."""
    start = int(words.start[words.text[token]])
    return max(token - BEFORE, start), min(token + AFTER + 1, start + int(words.length[words.text[token]]))


def shown(exemplars: Exemplars, unit: int, rank: int) -> str:
    """Return an exemplar with the words around it, itself in brackets."""
    token = int(exemplars.token[unit, rank])
    first, last = window(exemplars.words, token)
    return _said.quoted(exemplars.words.word[first:last], token - first)
