"""Activations a block at a time, in memory or on disk: by words, or by units. What is read is checked, not changed."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, PyTree

from jaxneuron import batching


class Checked:
    """A view of `[token, unit]` that reads float32, and fails on a value that is not finite."""

    ndim = 2

    def __init__(self, activations: Any):
        if getattr(activations, "ndim", None) != 2:
            shape = getattr(activations, "shape", type(activations).__name__)
            raise ValueError(f"expected activations [token, unit], got {shape}")
        self._activations = activations if hasattr(activations, "__getitem__") else np.asarray(activations)
        self.shape = tuple(activations.shape)
        # what reading a block holds, in blocks: a store decodes chunks beside it
        self.copies = 1 if isinstance(activations, np.ndarray | jax.Array) else 3

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read a slice of tokens, or a pair of slices of tokens and units.

        Raises:
            ValueError: a value is not finite; the message names the first.
        """
        part = np.asarray(self._activations[index], np.float32)
        if not np.isfinite(part.sum()) and not np.isfinite(part).all():
            place = index if isinstance(index, tuple) else (index, slice(None))
            begin = [span.indices(size)[0] for span, size in zip(place, self.shape, strict=True)]
            token, unit = np.argwhere(~np.isfinite(part))[0] + begin
            raise ValueError(
                f"the activation of unit {unit} at token {token} is not finite; "
                "leave out such tokens or units, or look for what overflows in the model"
            )
        return part


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
        update: compiled by the caller.
        carry: the running result.
        activations: `[token, unit]`, an array or the lazy array of a store.
        *rows: host arrays that share the tokens.
        budget: bytes for a block and what is computed of it.
        copies: how many times as much as the block itself is held.
        progress: called after each block.
    """
    checked = Checked(activations)
    chunk = batching.chunk_size((copies - 1 + checked.copies) * 4 * checked.shape[1], len(checked), budget)
    return batching.fold_rows(update, carry, checked, *rows, chunk=chunk, progress=progress)


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
    checked = Checked(activations)
    tokens, units = checked.shape
    width = batching.chunk_size((copies - 1 + checked.copies) * 4 * tokens, units, budget)
    for first in range(0, units, width):
        here = slice(first, min(first + width, units))
        yield here, checked[:, here]
        if progress:
            progress(here.stop, units)
