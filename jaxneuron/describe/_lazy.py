"""What is foretold: a table that is computed where it is read, as the whole may be larger than memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

Columns = Any
"""Units, by whatever indexes an axis of numpy."""


class Lazy:
    """A `table.Table` of all words, which computes the units that are asked for: `table[:, units]`."""

    def __init__(self, shape: tuple[int, int], read: Callable[[Columns], np.ndarray]):
        self.shape, self.dtype, self._read = shape, np.dtype(np.float32), read

    def __getitem__(self, index: Any) -> np.ndarray:
        token, unit = index if isinstance(index, tuple) else (index, slice(None))
        return self._read(unit)[token]


def looked_up(rows: Float[np.ndarray, "row unit"], index: Int[np.ndarray, "token"]) -> Lazy:
    """Return a table that has, at each token, one of the rows."""
    return Lazy((len(index), rows.shape[1]), lambda unit: rows[:, unit][index])
