"""Activations a block at a time, in memory or on disk: by words, or by units. What is read is checked, not changed."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from jaxneuron import _numbers, batching


class Checked:
    """A view of `[token, unit]` that reads float32, and fails on a value that is not finite.

    With `exact`, numbers that float32 does not hold (float64, whole numbers of 32 bits) are read as float64.
    """

    ndim = 2

    def __init__(self, activations: Any, *, exact: bool = False):
        if getattr(activations, "ndim", None) != 2:
            shape = getattr(activations, "shape", type(activations).__name__)
            raise ValueError(f"expected activations [token, unit], got {shape}; one unit is `activations[:, None]`")
        kind = getattr(activations, "dtype", np.float32)
        if not any(jnp.issubdtype(kind, number) for number in (jnp.integer, jnp.floating, jnp.bool_)):
            raise TypeError(f"expected activations as real numbers, got {kind}")
        self._activations = activations if hasattr(activations, "__getitem__") else np.asarray(activations)
        self.shape = tuple(activations.shape)
        self.dtype = _numbers.holding(kind) if exact else np.dtype(np.float32)
        # what reading a block holds, in blocks of float32: a store decodes chunks beside it
        self.copies = (1 if isinstance(activations, np.ndarray | jax.Array) else 3) * self.dtype.itemsize // 4

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read a slice of tokens, or a pair of slices of tokens and units.

        Raises:
            ValueError: a value is not finite, or more than the type holds; the message names the first.
        """
        part = self.unchecked(index)
        with np.errstate(over="ignore", invalid="ignore"):
            summable = np.isfinite(part.sum())
        if not summable and not np.isfinite(part).all():
            source = np.asarray(self._activations[index])
            place = index if isinstance(index, tuple) else (index, slice(None))
            begin = [span.indices(size)[0] for span, size in zip(place, self.shape, strict=True)]
            here = tuple(np.argwhere(~np.isfinite(part))[0])
            token, unit = np.add(here, begin)
            if np.isfinite(source[here]):
                raise ValueError(
                    f"the activation of unit {unit} at token {token} is {source[here]:g}, more than {self.dtype} "
                    "holds; divide the unit by its scale"
                )
            raise ValueError(
                f"the activation of unit {unit} at token {token} is not finite; "
                "leave out such tokens or units, or look for what overflows in the model"
            )
        return part

    def unchecked(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read a slice, for those who see in what they compute whether all was finite."""
        with np.errstate(over="ignore"):
            return np.asarray(self._activations[index]).astype(self.dtype, copy=False)


def over_words(
    update: Callable[..., PyTree],
    carry: PyTree,
    activations: Any,
    *rows: Any,
    budget: int = batching.BUDGET,
    copies: int = 3,
    progress: batching.Progress | None = None,
) -> PyTree:
    """Reduce over blocks of words: `carry = update(carry, index, valid, activations, *rows)`, as `batching.fold_rows`.

    Args:
        update: compiled by the caller; it gets arrays on the device, but blocks of float64 as they are, on the host.
        carry: the running result.
        activations: `[token, unit]`, an array or the lazy array of a store.
        *rows: host arrays that share the tokens.
        budget: bytes for a block and what is computed of it.
        copies: how many times as much as the block itself is held.
        progress: called after each block.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    chunk = batching.chunk_size((copies - 1 + checked.copies) * 4 * units, tokens, budget)
    if checked.dtype == np.float32:
        return batching.fold_rows(update, carry, checked, *rows, chunk=chunk, progress=progress)
    for first in range(0, tokens, chunk):
        here = slice(first, min(first + chunk, tokens))
        index = np.arange(here.start, here.stop)
        carry = update(carry, index, np.ones(len(index), bool), checked[here], *(row[here] for row in rows))
        if progress:
            progress(here.stop, tokens)
    return carry


def over_units(
    activations: Any,
    *,
    budget: int = batching.BUDGET,
    copies: int = 3,
    progress: batching.Progress | None = None,
) -> Iterator[tuple[slice, Float[np.ndarray, "token unit"]]]:
    """Yield all tokens of some units at a time, with which units they are; all blocks but the last are of one width.

    Args:
        activations: `[token, unit]`, an array or the lazy array of a store.
        budget: bytes for a block and what is computed of it.
        copies: how many times as much as the block itself is held.
        progress: called after each block.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    width = batching.chunk_size((copies - 1 + checked.copies) * 4 * tokens, units, budget)
    for first in range(0, units, width):
        here = slice(first, min(first + width, units))
        yield here, checked[:, here]
        if progress:
            progress(here.stop, units)
