"""Pearson's correlation of every two units, whatever their scales, offsets and type."""

import numpy as np
from jaxtyping import Float

from jaxneuron import batching
from jaxneuron.decompose._moments import Joint, moments
from jaxneuron.table import Table


def correlation(
    activations: Table, *, budget: int = batching.BUDGET, progress: batching.Progress | None = None
) -> Float[np.ndarray, "pair"]:
    """Return the correlation of each pair of units, in scipy's order: (0, 1), (0, 2), ..., (1, 2), ...

    `r = sum(x y) / sqrt(sum(x x) sum(y y))`, with each unit's mean taken off; 0 for a unit that never changes.

    Args:
        activations: real numbers of any type, at least two tokens of two units.
        budget: bytes for the blocks of tokens.
        progress: called after each block.

    Raises:
        TypeError, ValueError: as `_moments.moments`.

    Example:
        >>> correlation(np.array([[0.0, 3e20, 5.0], [1.0, 2e20, 5.0]])).round(6).tolist()
        [-1.0, 0.0, 0.0]
    """
    return paired(moments(activations, budget=budget, progress=progress))


def paired(found: Joint) -> Float[np.ndarray, "pair"]:
    """Return the correlations, row after row, so that no second matrix is held."""
    units, sums, products = len(found.sums), found.sums, found.products
    scale = np.divide(1, np.sqrt(found.square), out=np.zeros(units), where=found.square > 0)
    pairs = np.empty(units * (units - 1) // 2)
    first = 0
    for unit in range(units - 1):
        row = pairs[first : first + units - 1 - unit]
        np.multiply(sums[unit + 1 :], -sums[unit] / found.tokens, out=row)
        row += products[unit, unit + 1 :]
        row *= scale[unit + 1 :]
        row *= scale[unit]
        np.clip(row, -1, 1, out=row)
        first += len(row)
    return pairs
