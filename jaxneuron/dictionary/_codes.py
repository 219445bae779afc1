"""The codes of all tokens, computed where they are read: there are more of them than there is memory."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.dictionary._dictionary import Dictionary, encode
from jaxneuron.table import Checked, Table, padded, spans


class Codes:
    """A `Table` [token, feature] of the codes of activations [token, unit].

    Example:
        >>> both = Dictionary(jnp.array([[1.0, -1.0]]), jnp.zeros(2), jnp.array([[1.0], [-1.0]]), jnp.zeros(1), k=1)
        >>> codes = Codes(both, np.array([[3.0], [-2.0]]))
        >>> codes.shape, codes[1:].tolist()
        ((2, 2), [[0.0, 2.0]])
    """

    ndim = 2

    def __init__(self, dictionary: Dictionary, activations: Table, *, budget: int = batching.BUDGET):
        self._dictionary, self._activations, self._budget = dictionary, Checked(activations), budget
        self.shape = (self._activations.shape[0], dictionary.features)
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all of them."""
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, index: Any) -> Float[np.ndarray, "*token feature"]:
        """Read tokens by a slice or a list of numbers, or a pair of those for tokens and features."""
        tokens, features = index if isinstance(index, tuple) else (index, slice(None))
        rows = np.atleast_1d(np.arange(self.shape[0])[tokens])
        chosen = np.atleast_1d(np.arange(self.shape[1])[features])
        found = np.empty((len(rows), len(chosen)), self.dtype)
        chunk = batching.chunk_size(4 * (sum(self._dictionary.encoder.shape) * 3), len(rows), self._budget, least=256)
        for here in spans(len(rows), chunk):
            run = rows[here]
            straight = len(run) and run[-1] - run[0] == len(run) - 1 and (np.diff(run) == 1).all()
            read = self._activations[slice(int(run[0]), int(run[-1]) + 1) if straight else run]
            found[here] = np.asarray(_encode(self._dictionary, jnp.asarray(padded(read, chunk))))[: len(run), chosen]
        if np.ndim(np.arange(self.shape[0])[tokens]) == 0:
            return found[0]
        return found


@jax.jit
def _encode(dictionary: Dictionary, rows: Float[Array, "token unit"]) -> Float[Array, "token feature"]:
    return encode(dictionary, rows).astype(jnp.float32)
