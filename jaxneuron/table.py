"""Activations `[token, unit]` that may be larger than memory: read a block at a time, checked, and never changed.

A block is of tokens or of units. Every method that ranks, fits or judges reads through `Checked`, so that a value that
is not finite has one error, and numbers that float32 does not hold are not cut, wherever they come from.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from jaxneuron import _numbers, batching


@runtime_checkable
class Table(Protocol):
    """Activations `[token, unit]`: an array of numpy or JAX, a site of a store, or what else is read by index."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Tokens and units."""
        ...

    @property
    def dtype(self) -> Any:
        """Of the numbers."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """Read some of it: a slice of tokens, or a pair of slices of tokens and units."""
        ...


class Checked:
    """A table that reads float32, and fails on a value that is not finite.

    With `exact`, numbers that float32 does not hold (float64, whole numbers of 32 bits) are read as float64.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: activations that are no `[token, unit]`.
    """

    ndim = 2

    def __init__(self, activations: Table, *, exact: bool = False):
        shape = tuple(getattr(activations, "shape", ()))
        if len(shape) != 2:
            given = shape if hasattr(activations, "shape") else type(activations).__name__
            raise ValueError(f"expected activations [token, unit], got {given}; one unit is `activations[:, None]`")
        kind = getattr(activations, "dtype", np.float32)
        if not any(jnp.issubdtype(kind, number) for number in (jnp.integer, jnp.floating, jnp.bool_)):
            raise TypeError(f"expected activations as real numbers, got {kind}")
        self._activations = activations
        self.shape = (int(shape[0]), int(shape[1]))
        self.dtype = _numbers.holding(kind) if exact else np.dtype(np.float32)
        # what reading a block holds, in blocks of float32: a store decodes chunks beside it
        self.copies = (1 if isinstance(activations, np.ndarray | jax.Array) else 3) * self.dtype.itemsize // 4

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read tokens by a slice or a list of numbers, or a pair of those for tokens and units.

        Raises:
            ValueError: a value is not finite, or more than the type holds; the message names the first.
        """
        part = self.unchecked(index)
        with np.errstate(over="ignore", invalid="ignore"):
            summable = np.isfinite(part.sum())
        if not summable and not np.isfinite(part).all():
            here = tuple(np.argwhere(~np.isfinite(part))[0])
            given = np.asarray(self._activations[index])[here]
            place = index if isinstance(index, tuple) else (index, slice(None))
            token, unit = (np.arange(size)[span][i] for size, span, i in zip(self.shape, place, here, strict=True))
            if np.isfinite(given):
                raise ValueError(
                    f"the activation of unit {unit} at token {token} is {given:g}, more than {self.dtype} holds; "
                    "divide the unit by its scale"
                )
            raise ValueError(
                f"the activation of unit {unit} at token {token} is not finite; "
                "leave out such tokens or units, or look for what overflows in the model"
            )
        return part

    def unchecked(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read some of it, for those who see in what they compute whether all was finite.

        Args:
            index: as for a table.

        Returns:
            The block, in this table's type.
        """
        with np.errstate(over="ignore"):
            return np.asarray(self._activations[index]).astype(self.dtype, copy=False)

    def blocks(
        self, chunk: int, progress: batching.Progress | None = None
    ) -> Iterator[tuple[slice, Float[np.ndarray, "token unit"]]]:
        """Yield some tokens at a time, with which they are; the last block may be shorter."""
        for here in spans(self.shape[0], chunk, progress):
            yield here, self[here]


def spans(total: int, chunk: int, progress: batching.Progress | None = None) -> Iterator[slice]:
    """Yield a range in parts.

    Args:
        total: how long the range is.
        chunk: how long a part is, the last may be shorter.
        progress: called when the work on each part is done.

    Example:
        >>> list(spans(5, 3))
        [slice(0, 3, None), slice(3, 5, None)]
    """
    for first in range(0, total, chunk):
        here = slice(first, min(first + chunk, total))
        yield here
        if progress:
            progress(here.stop, total)


def padded(rows: np.ndarray, chunk: int) -> np.ndarray:
    """Return a block that is `chunk` long, zeros behind what there is: of one shape, so that it compiles once."""
    return np.pad(rows, [(0, chunk - len(rows))] + [(0, 0)] * (rows.ndim - 1))


def over_tokens(
    update: Callable[..., PyTree],
    carry: PyTree,
    activations: Table,
    *rows: Any,
    budget: int = batching.BUDGET,
    copies: int = 3,
    progress: batching.Progress | None = None,
) -> PyTree:
    """Reduce over blocks of tokens: `carry = update(carry, index, valid, activations, *rows)`, as `batching.fold_rows`.

    Args:
        update: compiled by the caller; it gets arrays on the device, but blocks of float64 as they are, on the host.
        carry: the running result.
        activations: of all tokens.
        *rows: host arrays that share the tokens.
        budget: bytes for a block and what is computed of it.
        copies: how many times as much as the block itself is held.
        progress: called after each block.

    Returns:
        What `update` returned last.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    chunk = batching.chunk_size((copies - 1 + checked.copies) * 4 * units, tokens, budget)
    if checked.dtype == np.float32:
        return batching.fold_rows(update, carry, checked, *rows, chunk=chunk, progress=progress)
    for here, block in checked.blocks(chunk, progress):
        index = np.arange(here.start, here.stop)
        carry = update(carry, index, np.ones(len(index), bool), block, *(row[here] for row in rows))
    return carry


def over_units(
    activations: Table,
    *,
    budget: int = batching.BUDGET,
    copies: int = 3,
    progress: batching.Progress | None = None,
) -> Iterator[tuple[slice, Float[np.ndarray, "token unit"]]]:
    """Yield all tokens of some units at a time, with which units they are; all blocks but the last are of one width.

    Args:
        activations: of all tokens.
        budget: bytes for a block and what is computed of it.
        copies: how many times as much as the block itself is held.
        progress: called after each block.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    width = batching.chunk_size((copies - 1 + checked.copies) * 4 * tokens, units, budget)
    for here in spans(units, width, progress):
        yield here, checked[:, here]
