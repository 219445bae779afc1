"""The units of several sites side by side, as one table."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from jaxneuron.table import Table
from jaxneuron.types import Site


class Joined:
    """The table `[token, unit]` of several sites, side by side; an index reads just the chunks that it needs."""

    ndim = 2

    def __init__(self, rows: Mapping[Site, Table]):
        ends = np.cumsum([array.shape[1] for array in rows.values()]).tolist()
        self._rows = list(rows.values())
        self._starts = [0, *ends[:-1]]
        self.sites: dict[Site, slice] = {
            site: slice(*span) for site, *span in zip(rows, self._starts, ends, strict=True)
        }
        """Site -> which units are its own."""
        self.shape = (self._rows[0].shape[0], ends[-1])
        self.dtype: np.dtype = np.result_type(*(array.dtype for array in self._rows))

    def __repr__(self) -> str:
        return f"Joined({', '.join(self.sites)}; shape={self.shape}, dtype={self.dtype})"

    def __len__(self) -> int:
        return self.shape[0]

    def place(self, unit: int | np.integer) -> tuple[Site, int]:
        """Return whose unit it is, and which of that site's.

        Raises:
            IndexError: no such unit.
        """
        number = operator.index(unit)
        if not 0 <= number < self.shape[1]:
            raise IndexError(f"no unit {number}; the sites have {self.shape[1]} together, from 0 on")
        first = int(np.searchsorted(self._starts, number, side="right")) - 1
        return list(self.sites)[first], number - self._starts[first]

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read words and units by number, slice, list of numbers or mask.

        Raises:
            IndexError: outside of the array, or no index.
            ValueError: what should be read is damaged.
        """
        words, units = pair(index)
        words, units = normal(words, self.shape[0], "word"), normal(units, self.shape[1], "unit")
        if isinstance(units, int):
            site = int(np.searchsorted(self._starts, units, side="right")) - 1
            return self._rows[site][words, units - self._starts[site]].astype(self.dtype, copy=False)
        if isinstance(units, np.ndarray) and isinstance(words, np.ndarray):
            return self._each(*np.broadcast_arrays(words, units))
        if isinstance(units, slice):
            units = np.arange(units.start, units.stop, units.step)
        lead = () if isinstance(words, int) else (len(np.arange(self.shape[0])[words]),)
        result = np.empty((*lead, len(units)), self.dtype)
        for array, mine, here in self._shares(units):
            listed = isinstance(words, np.ndarray)
            result[..., mine] = _rows(array, words, here) if listed else array[words, _run(here)]
        return result

    def _each(self, words: np.ndarray, units: np.ndarray) -> np.ndarray:
        """Read one unit at each word, as numpy does with two lists."""
        result = np.empty(units.shape, self.dtype)
        for array, mine, here in self._shares(units):
            result[mine] = array[words[mine], here]
        return result

    def _shares(self, units: np.ndarray) -> Iterator[tuple[Table, np.ndarray, np.ndarray]]:
        """Yield each site that has some of the units, which those are, and their numbers in it."""
        for array, start in zip(self._rows, self._starts, strict=True):
            mine = (start <= units) & (units < start + array.shape[1])
            if mine.any():
                yield array, mine, units[mine] - start

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def pair(index: Any) -> tuple[Any, Any]:
    """Return an index of words and one of units, where numpy allows one or neither of them."""
    parts = list(index) if isinstance(index, tuple) else [index]
    for i in [i for i, part in enumerate(parts) if part is Ellipsis][:1]:
        parts[i : i + 1] = [slice(None)] * (3 - len(parts))
    if len(parts) > 2:
        raise IndexError(f"expected an index of words and one of units, got {len(parts)} indices")
    words, units = [*parts, slice(None), slice(None)][:2]
    return words, units


def normal(index: Any, size: int, what: str) -> int | slice | np.ndarray:
    """Return an index with neither negative numbers nor ends beyond the axis, which tensorstore takes literally."""
    if isinstance(index, slice):
        start, stop, step = index.indices(size)
        if step < 1:
            raise IndexError(f"expected a step of at least 1 over the {what}s, got {step}; reverse what you have read")
        return slice(start, max(start, stop), step)
    array = np.asarray(index)
    if array.dtype == bool:
        if array.shape != (size,):
            raise IndexError(f"expected a mask over {size} {what}s, got one of the shape {array.shape}")
        return np.flatnonzero(array)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise IndexError(f"expected {what}s as numbers, a slice or a mask, got {index!r:.80}")
    if array.size and not (-size <= array.min() and array.max() < size):
        wrong = array[(array < -size) | (array >= size)].flat[0]
        raise IndexError(f"{what} {wrong} is out of range; there are the {what}s 0 to {size - 1}")
    array = np.where(array < 0, array + size, array).astype(np.int64)
    return int(array) if array.ndim == 0 else array


def _run(units: np.ndarray) -> np.ndarray | slice:
    """Return evenly spaced units as a slice, which is read faster."""
    step = int(units[1] - units[0]) if len(units) > 1 else 1
    even = step > 0 and bool(np.all(np.diff(units) == step))
    return slice(int(units[0]), int(units[-1]) + 1, step) if even else units


def _rows(array: Table, words: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Read all units at each of the words."""
    run = _run(units)
    return array[words, run] if isinstance(run, slice) else array[words[:, None], units[None]]
