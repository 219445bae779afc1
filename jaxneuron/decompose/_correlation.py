"""Pearson's correlation of every two units, whatever their scales, offsets and type, from a table that may lie on disk.

The table is read twice, a block of tokens at a time: for each unit's range and mean, and for the products of the units
that these bring near 1, where single precision has no trouble. What is held is a block and one number for each pair.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.linalg import get_blas_funcs

from jaxneuron import batching
from jaxneuron.table import Checked, Table, spans

TOKENS = 2048
"""At a time, at most: enough for a product to run at full speed."""


class Range(NamedTuple):
    """What brings each unit near 1."""

    mean: Float[np.ndarray, "unit"]
    half: Float[np.ndarray, "unit"]  # of the distance from the lowest to the highest; 1 where these are the same
    alive: Float[np.ndarray, "unit"]  # 1, and 0 for a unit that never changes


def correlation(
    activations: Table, *, budget: int = batching.BUDGET, progress: batching.Progress | None = None
) -> Float[np.ndarray, "pair"]:
    """Return the correlation of each pair of units, in scipy's order: (0, 1), (0, 2), ..., (1, 2), ...

    `r = sum(x y) / sqrt(sum(x x) sum(y y))`, with each unit's mean taken off; 0 for a unit that never changes.

    Args:
        activations: real numbers of any type, at least two tokens of two units.
        budget: bytes for a block of tokens.
        progress: called after each block, of both readings.

    Raises:
        TypeError: no real numbers.
        ValueError: an activation that is not finite, the first is named; a range that no float holds.

    Example:
        >>> correlation(np.array([[0.0, 3e20, 5.0], [1.0, 2e20, 5.0]])).round(6).tolist()
        [-1.0, 0.0, 0.0]
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    chunk = batching.chunk_size(4 * units * (checked.copies + 1), tokens, min(budget, 4 * TOKENS * units * 2))
    found = _range(checked, chunk, progress and (lambda done, total: progress(done, 2 * total)))
    sums, products = np.zeros(units), Products(units)
    for here in spans(tokens, chunk, progress and (lambda done, total: progress(total + done, 2 * total))):
        block = checked.unchecked(here)
        near = (block - found.mean) / found.half
        sums += near.sum(axis=0, dtype=np.float64)
        products.add(near.astype(np.float32, copy=False))
    return _paired(products.upper(), sums, found.alive, tokens)


def _range(checked: Checked, chunk: int, progress: batching.Progress | None) -> Range:
    tokens, units = checked.shape
    low, high, total = np.full(units, np.inf), np.full(units, -np.inf), np.zeros(units)
    for here in spans(tokens, chunk, progress):
        block = checked[here]
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
        with np.errstate(over="ignore"):
            total += block.sum(axis=0, dtype=np.float64)
    half, middle = high / 2 - low / 2, high / 2 + low / 2
    kind = checked.dtype
    if wrong := np.flatnonzero(half > np.finfo(kind).max / 4).tolist():
        raise ValueError(
            f"unit {wrong[0]} goes from {low[wrong[0]]:g} to {high[wrong[0]]:g}, which is more than {kind} holds; "
            "divide the unit by its scale"
        )
    # any point inside the range would do, so no digit of the mean is missed; where it is rare that a unit is far out,
    # the middle would be far from most of its values
    mean = np.where(np.isfinite(total), total / tokens, middle).astype(kind)
    alive = (low < high).astype(np.float64)
    return Range(np.where(alive > 0, mean, low).astype(kind), np.where(alive > 0, half, 1).astype(kind), alive)


class Products:
    """The sum over tokens of the product of each pair of units, where they are: on the host, or on an accelerator.

    A CPU computes each pair once (BLAS `syrk`), in half the time of a matrix product.
    """

    def __init__(self, units: int):
        self.on_host = jax.default_backend() == "cpu"
        self.total = np.zeros((units, units), np.float32) if self.on_host else jnp.zeros((units, units), jnp.float32)
        self._add = get_blas_funcs("syrk", dtype=np.float32) if self.on_host else _add

    def add(self, block: Float[np.ndarray, "token unit"]) -> None:
        """Add a block of tokens."""
        if self.on_host:
            # in the order of Fortran, these are the transposed arrays: the lower half there is the upper half here
            filled = self._add(1.0, block.T, beta=1.0, c=self.total.T, lower=1, overwrite_c=1)
            assert np.shares_memory(filled, self.total)  # else the sum would stay behind, in a copy
        else:
            self.total = self._add(self.total, block)

    def upper(self) -> Float[np.ndarray, "unit unit"]:
        """Return the sums, of which the upper half, with the diagonal, is filled."""
        return np.asarray(self.total)


@jax.jit
def _add(total: Float[Array, "unit unit"], block: Float[Array, "token unit"]) -> Float[Array, "unit unit"]:
    return total + jnp.matmul(block.T, block, precision="highest")


def _paired(
    products: Float[np.ndarray, "unit unit"],
    sums: Float[np.ndarray, "unit"],
    alive: Float[np.ndarray, "unit"],
    tokens: int,
) -> Float[np.ndarray, "pair"]:
    """Return the correlations, row after row, so that no second matrix is held."""
    units = len(sums)
    square = np.maximum(products.diagonal() - sums**2 / tokens, 0)
    scale = np.divide(alive, np.sqrt(square), out=np.zeros(units), where=square > 0)
    found = np.empty(units * (units - 1) // 2)
    first = 0
    for unit in range(units - 1):
        row = found[first : first + units - 1 - unit]
        np.multiply(sums[unit + 1 :], -sums[unit] / tokens, out=row)
        row += products[unit, unit + 1 :]
        row *= scale[unit + 1 :]
        row *= scale[unit]
        first += len(row)
    return np.clip(found, -1, 1, out=found)
