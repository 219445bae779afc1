"""Earlier states as extra inputs: beside what each unit is, what it was some tokens before, in the same text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.table import Checked, Table


class Lagged:
    """A table `[token, lag * unit]` that reads the parts of another that an index asks for."""

    ndim = 2

    def __init__(self, activations: Table, lags: Int[np.ndarray, "lag"], first: Int[np.ndarray, "token"]):
        self._activations, self._lags, self._first = activations, lags, first
        self.shape = (activations.shape[0], activations.shape[1] * len(lags))
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "token column"]:
        """Read tokens and columns by slice, or tokens by a list of numbers."""
        rows, columns = index if isinstance(index, tuple) else (index, slice(None))
        tokens, units = np.arange(self.shape[0])[rows], self._activations.shape[1]
        low, high, _ = slice(columns.start, columns.stop).indices(self.shape[1])
        parts = [np.zeros((len(tokens), 0), np.float32)]
        for i, lag in enumerate(self._lags):
            here = slice(max(low - i * units, 0), min(high - i * units, units))
            if here.start < here.stop:
                source = tokens - lag
                known = source >= self._first[tokens]
                part = np.asarray(self._activations[np.where(known, source, tokens), here], np.float32)
                parts.append(np.where(known[:, None], part, np.float32(0)))
        return np.concatenate(parts, axis=1)[:, :: columns.step or 1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def lagged(activations: Table, lags: Sequence[int], *, starts: Int[Any, "text"] | None = None) -> Lagged:
    """Return each unit's states at earlier tokens as columns, for any method that ranks or fits.

    Column `i * units + u` is unit u, `lags[i]` tokens before. `single_neuron.rank` scores each column by itself;
    `linear.fit` reads them all, or with a mask for each probe those of one unit.

    Args:
        activations: of all tokens, text after text.
        lags: how many tokens back, 0 for the token itself; different numbers.
        starts: the first token of each text, ascending, such as a store's `offsets`; None for one text.

    Returns:
        A table, of which nothing is read yet; 0 where the text had not begun.

    Raises:
        ValueError: activations that are no `[token, unit]`; lags that are negative, repeated or none; starts that do
            not begin with token 0 or are out of order.

    Example:
        >>> states = np.array([[1.0], [2.0], [3.0], [4.0]], np.float32)
        >>> lagged(states, [0, 1], starts=np.array([0, 2]))[:].tolist()
        [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 3.0]]
    """
    tokens, back = Checked(activations).shape[0], np.asarray(lags)
    if back.ndim != 1 or not back.size or back.dtype.kind not in "iu" or back.min() < 0 or len(set(lags)) < len(lags):
        raise ValueError(f"expected lags as different whole numbers from 0 on, such as [0, 1, 2], got {lags!r:.80}")
    begin = np.zeros(1, np.int64) if starts is None else np.asarray(starts)
    if begin.ndim != 1 or not begin.size or begin[0] != 0 or np.any(np.diff(begin) < 0) or begin[-1] > tokens:
        raise ValueError(
            f"expected starts as the first of the {tokens} tokens of each text, ascending from 0, got {starts!r:.80}"
        )
    first = np.repeat(begin, np.diff(begin, append=tokens)).astype(np.int64)
    return Lagged(activations, back.astype(np.int64), first)
