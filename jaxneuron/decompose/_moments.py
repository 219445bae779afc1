"""Sums of the products of every two units, whatever their scales, offsets and type, from a table that may lie on disk.

Each unit is brought near 0 and 1 by what its first tokens are like, so that single precision has no trouble with the
products; they are summed a block of tokens at a time, while the next block is read. Where the first tokens are not like
the rest, so that digits would be missed, the table is read again: for each unit's range and mean, and the products.
What is held are two blocks and one number for each pair.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.linalg import get_blas_funcs

from jaxneuron import batching
from jaxneuron.table import Checked, Table, spans

TOKENS = 1024
"""At a time, at most: enough for a product to run at full speed."""

NEAR = 2**16
"""Activations that are brought near 1 at a time: few enough to stay at hand between two steps."""

LOST = 9.0
"""How many times as much as its spread a unit's distance from the shift may be, both squared: one digit is missed."""


class Range(NamedTuple):
    """What brings each unit near 0 and 1."""

    shift: Float[np.ndarray, "unit"]
    scale: Float[np.ndarray, "unit"]


class Joint(NamedTuple):
    """What is known of the units together."""

    near: Range
    sums: Float[np.ndarray, "unit"]  # of what is brought near 1
    products: Float[np.ndarray, "unit unit"]  # the same, of which the upper half, with the diagonal, is filled
    tokens: int

    @property
    def mean(self) -> Float[np.ndarray, "unit"]:
        """Of the activations themselves."""
        return self.near.shift + self.near.scale * (self.sums / self.tokens)

    @property
    def square(self) -> Float[np.ndarray, "unit"]:
        """The sum of each unit's squares, its mean taken off; 0 for a unit that never changes."""
        return np.maximum(self.products.diagonal() - self.sums**2 / self.tokens, 0)


def moments(activations: Table, *, budget: int = batching.BUDGET, progress: batching.Progress | None = None) -> Joint:
    """Sum the products of each pair of units.

    Args:
        activations: real numbers of any type, at least two tokens.
        budget: bytes for the blocks of tokens.
        progress: called after each block.

    Raises:
        TypeError: no real numbers.
        ValueError: an activation that is not finite, the first is named; a range that no float holds.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    fits = batching.chunk_size(4 * units * (checked.copies + 2), tokens, budget)
    chunk = min(fits, TOKENS)
    near = _first(checked, chunk)
    found = _summed(checked, chunk, near, progress)
    with np.errstate(over="ignore", invalid="ignore"):
        square = found.products.diagonal()
        lost = ~np.isfinite(square) | (found.sums**2 / tokens > LOST * found.square) & (square > 0)
    return _summed(checked, chunk, _range(checked, chunk), progress) if lost.any() else found


def _first(checked: Checked, chunk: int) -> Range:
    """Return what the first tokens are like; exactly their value for what they have in common."""
    block = checked[:chunk]
    with np.errstate(over="ignore", invalid="ignore"):
        shift = block[0] + (block - block[0]).mean(axis=0)
        scale = np.abs(block - shift).mean(axis=0)
    return Range(np.where(np.isfinite(shift), shift, 0), np.where(np.isfinite(scale) & (scale > 0), scale, 1))


def _range(checked: Checked, chunk: int) -> Range:
    """Return the mean of each unit over all tokens, and half the distance from its lowest to its highest.

    Raises:
        ValueError: an activation that is not finite; a range that the type does not hold.
    """
    tokens, units = checked.shape
    low, high, total = np.full(units, np.inf), np.full(units, -np.inf), np.zeros(units)
    for _, block in checked.blocks(chunk):
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
    mean = np.where(np.isfinite(total), total / tokens, middle)
    return Range(np.where(low < high, mean, low).astype(kind), np.where(low < high, half, 1).astype(kind))


def _summed(checked: Checked, chunk: int, near: Range, progress: batching.Progress | None) -> Joint:
    tokens, units = checked.shape
    products = Products(units + 1)  # the last is always 1, so that its products are sums
    for block in _ahead(checked, chunk, near, progress):
        products.add(block)
    found = products.upper()
    return Joint(near, found[:-1, -1].astype(np.float64), found[:-1, :-1], tokens)


def _ahead(
    checked: Checked, chunk: int, near: Range, progress: batching.Progress | None
) -> Iterator[Float[np.ndarray, "token units"]]:
    """Yield the blocks, each read while the one before it is worked on."""

    def block(here: slice) -> Float[np.ndarray, "token units"]:
        read = checked.unchecked(here)
        made = np.empty((len(read), checked.shape[1] + 1), np.float32)
        made[:, -1] = 1
        with np.errstate(over="ignore", invalid="ignore"):
            few = max(NEAR // len(near.shift), 1)
            for start in range(0, len(read), few):
                some = slice(start, start + few)
                np.divide(read[some] - near.shift, near.scale, out=made[some, :-1])
        return made

    with ThreadPoolExecutor(1) as reader:
        following = None
        for here in spans(checked.shape[0], chunk, progress):
            ready, following = following, reader.submit(block, here)
            if ready is not None:
                yield ready.result()
        assert following is not None  # there are tokens
        yield following.result()


class Products:
    """The sum over tokens of the product of each pair of units, where they are: on the host, or on an accelerator.

    A CPU computes each pair once (BLAS `syrk`), in half the time of a matrix product.
    """

    def __init__(self, units: int):
        self.on_host = jax.default_backend() == "cpu"
        self.total = np.zeros((units, units), np.float32) if self.on_host else jnp.zeros((units, units), jnp.float32)
        self._add: Any = get_blas_funcs("syrk", dtype=np.float32) if self.on_host else _add

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
