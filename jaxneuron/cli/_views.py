"""Tables made of a table, read when they are asked for: some of its rows, and where its units are high."""

from typing import Any


class Rows:
    """Some rows of a table `[token, unit]`, ascending; of which nothing is read until it is asked for."""

    ndim = 2

    def __init__(self, table: Any, rows: Any):
        self._table, self._rows = table, rows
        self.shape, self.dtype = (len(rows), table.shape[1]), table.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Read rows by a slice, a list of numbers or a number, and of them some units."""
        tokens, units = index if isinstance(index, tuple) else (index, slice(None))
        rows = self._rows[tokens]
        if not rows.ndim or not len(rows):
            return self._table[int(rows) if not rows.ndim else slice(0, 0), units]
        least, most = int(rows.min()), int(rows.max()) + 1
        found = self._table[least:most, units]
        return found if len(rows) == most - least and isinstance(tokens, slice) else found[rows - least]


class Active:
    """A table of truth values: where each unit of another one is at its own quantile or above."""

    ndim = 2

    def __init__(self, table: Any, share: float):
        import numpy as np

        from jaxneuron.table import over_units

        self._table, self.shape, self.dtype = table, table.shape, np.dtype(bool)
        self._level = np.concatenate([np.quantile(block, 1 - share, axis=0) for _, block in over_units(table)])

    def __getitem__(self, index: Any) -> Any:
        """Read some of it."""
        units = index[1] if isinstance(index, tuple) else slice(None)
        return self._table[index] >= self._level[units]
