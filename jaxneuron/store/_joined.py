"""The units of several sites side by side, as one lazy array."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from jaxneuron.types import Site


@runtime_checkable
class Readable(Protocol):
    """A lazy array `[word, unit]`."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read some of it."""
        ...


class Joined:
    """The activations `[word, unit]` of several sites, side by side; an index reads just the chunks that it needs."""

    ndim = 2

    def __init__(self, rows: Mapping[Site, Readable]):
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

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read words and units by number, slice, list of numbers or mask.

        Raises:
            IndexError: outside of the array, or no index.
            ValueError: what should be read is damaged.
        """
        words, units = pair(index)
        units = normal(units, self.shape[1], "unit")
        if isinstance(units, slice):
            units = np.arange(units.start, units.stop, units.step)
            run = True
        else:
            run = False
        units = np.asarray(units)
        words = normal(words, self.shape[0], "word")
        return self._read(words, units, pointwise=isinstance(words, np.ndarray) and not run and units.ndim > 0)

    def _read(self, words: Any, units: np.ndarray, pointwise: bool) -> np.ndarray:
        if units.ndim == 0:
            site = int(np.searchsorted(self._starts, units, side="right")) - 1
            return self._rows[site][words, int(units) - self._starts[site]].astype(self.dtype, copy=False)
        if pointwise:
            words, units = np.broadcast_arrays(words, units)
        lead = () if pointwise or isinstance(words, int) else (_length(words),)
        result = np.empty((*lead, *units.shape), self.dtype)
        for array, start in zip(self._rows, self._starts, strict=True):
            mine = (start <= units) & (units < start + array.shape[1])
            if not mine.any():
                continue
            here = units[mine] - start
            if pointwise:
                result[mine] = array[words[mine], here]
            elif isinstance(words, np.ndarray):
                result[..., mine] = array[words[:, None], here[None]]
            else:
                step = here[1] - here[0] if len(here) > 1 else 1
                even = step > 0 and bool(np.all(np.diff(here) == step))
                part = array[words, slice(int(here[0]), int(here[-1]) + 1, int(step)) if even else here]
                result[..., mine] = part
        return result

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


def _length(words: Any) -> int:
    return len(range(words.start, words.stop, words.step)) if isinstance(words, slice) else len(words)
