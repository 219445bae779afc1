"""What is foretold: a table that is computed where it is read, as the whole may be larger than memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.table import Table

Columns = Int[np.ndarray, "asked"]
"""Numbers of units."""


class Lazy:
    """A `table.Table` of all words, which computes the units that are asked for: `table[:, units]`.

    `read` is given numbers of units, whatever they were asked by, and returns a column of each.
    """

    def __init__(self, shape: tuple[int, int], read: Callable[[Columns], np.ndarray]):
        self.shape, self.dtype, self._read = shape, np.dtype(np.float32), read

    def __getitem__(self, index: Any) -> np.ndarray:
        token, unit = index if isinstance(index, tuple) else (index, slice(None))
        asked = np.arange(self.shape[1])[unit]
        found = self._read(np.atleast_1d(asked))
        return (found if np.ndim(asked) else found[:, 0])[token]


def looked_up(rows: Float[np.ndarray, "row unit"], index: Int[np.ndarray, "token"]) -> Lazy:
    """Return a table that has, at each token, one of the rows."""
    return Lazy((len(index), rows.shape[1]), lambda unit: rows[:, unit][index])


def picked(tables: list[Table], chosen: Int[np.ndarray, "unit"]) -> Lazy:
    """Return a table that has each unit from one of the tables."""

    def read(asked: Columns) -> np.ndarray:
        found = np.empty((tables[0].shape[0], len(asked)), np.float32)
        for number, table in enumerate(tables):
            if (mine := chosen[asked] == number).any():
                found[:, mine] = table[:, asked[mine].tolist()]
        return found

    return Lazy((tables[0].shape[0], len(chosen)), read)
