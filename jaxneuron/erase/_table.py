"""Activations as they are under an erasure: a table that is computed as it is read."""

from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron.edits import Project
from jaxneuron.table import Checked, Table


class Erased:
    """A table under an erasure, in double precision.

    Raises:
        TypeError, ValueError: activations that are no table, or of another width than the erasure.

    Example:
        >>> first = Project(np.zeros(2), np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
        >>> Erased(np.array([[3.0, 4.0], [5.0, 6.0]]), first)[:].tolist()
        [[0.0, 4.0], [0.0, 6.0]]
    """

    ndim = 2

    def __init__(self, activations: Table, edit: Project):
        self._activations = Checked(activations, exact=True)
        self.shape, self.dtype = self._activations.shape, np.dtype(np.float64)
        self._point, self._read, self._write = (np.asarray(leaf, np.float64) for leaf in edit_leaves(edit))
        if self._read.shape[-1] != self.shape[1]:
            raise ValueError(f"the erasure is of {self._read.shape[-1]} units, the activations of {self.shape[1]}")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token unit"]:
        """Read tokens, or tokens and units by a pair."""
        tokens, units = index if isinstance(index, tuple) else (index, slice(None))
        value = self._activations.unchecked(tokens).astype(np.float64)
        return (value + ((self._point - value) @ self._read.T) @ self._write)[:, units]


def edit_leaves(edit: Project) -> tuple[Any, Any, Any]:
    """Return where an erasure goes, what it reads and what it writes.

    Raises:
        ValueError: an edit that is of some places only, or of many runs.
    """
    if np.ndim(edit.point) > 1 or np.ndim(edit.read) != 2 or np.ndim(edit.share) or edit.share != 1.0:
        raise ValueError("expected an erasure of all places, as `erase` returns it; apply other edits in the model")
    return edit.point, edit.read, edit.write
