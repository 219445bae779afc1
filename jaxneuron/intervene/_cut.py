"""Sentences of like length together, cut to that length: padding costs as much as words do."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, PyTree

from jaxneuron import padding

SHORTEST = 8
"""Words below which a text is not cut: too little is gained."""

SHAPES = 4
"""Lengths at most, each of which is compiled."""

SHAPE_COST = 8_000
"""Words that are read in about the time that it takes to compile one more length."""


def lengths(mask: Bool[np.ndarray, "batch time"], sets: int, fixed: set[int]) -> Int[np.ndarray, "batch"]:
    """Return to how many words each sentence is padded: to few lengths, and to one where compiling more would not pay.

    Args:
        mask: true where there is a word.
        sets: how often each sentence is read.
        fixed: the lengths of axes that stay; one of them may run along the words, and then nothing is cut.
    """
    time = mask.shape[1]
    words = np.maximum(np.where(mask.any(axis=1), time - np.argmax(mask[:, ::-1], axis=1), 0), SHORTEST)
    shapes = min(int(words.sum()) * sets // SHAPE_COST, SHAPES)
    if shapes < 2 or time <= SHORTEST or time in fixed:
        return np.full(len(mask), time)
    widths = np.array([*padding.widths(words, shapes)[:-1], time])
    return widths[np.searchsorted(widths, words)]


def part(given: PyTree, numbers: np.ndarray, chunk: int, length: int) -> PyTree:
    """Return some rows, cut to a length where they are as long as the text, and filled up with empty ones."""
    time = given[0].mask.shape[1]

    def rows(leaf: np.ndarray) -> Array:
        found = leaf[numbers]
        found = found[:, :length] if leaf.ndim > 1 and leaf.shape[1] == time else found
        return jnp.asarray(np.pad(found, [(0, chunk - len(found))] + [(0, 0)] * (leaf.ndim - 1)))

    return jax.tree.map(rows, given)


def joined(leaves: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Join what was read of each chunk; where that has a place for each word, a text that was cut has 0 at padding."""
    shape = np.max([leaf.shape for leaf in leaves], axis=0)
    grown = [(0, 0)] * (axis + 1)
    return np.concatenate(
        [np.pad(leaf, grown + [(0, int(size)) for size in (shape - leaf.shape)[axis + 1 :]]) for leaf in leaves],
        axis=axis,
    )
