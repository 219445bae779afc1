"""A table of activations that nobody stored: the model computes those that are read, when they are read."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.tap import check_site, sites
from jaxneuron.types import Forward, Params, Site, Text


class Live:
    """A `Table` [token, unit] of a site on texts: a row for each real symbol, in the order of the texts.

    A run of rows costs a pass over the texts that it comes from, so it is read in long runs, as training and every
    statistic do.

    Args:
        forward: the model.
        params: its weights.
        tokens: texts of one padded length, on the host.
        site: which activation; with a vector for each symbol.
        budget: bytes for what is computed at a time.

    Raises:
        KeyError: the model has no such site.
        ValueError: no texts, or a site with one vector for a text.

    Example:
        >>> from jaxneuron.types import Tokens
        >>> def forward(params, tokens, edits):
        ...     return None, {"embed": params[tokens.ids]}
        >>> text = Tokens(np.array([[2, 0], [1, 0]]), np.array([[True, True], [True, False]]))
        >>> Live(forward, jnp.arange(3.0)[:, None], text, "embed")[1:].tolist()
        [[0.0], [1.0]]
    """

    ndim = 2

    def __init__(self, forward: Forward, params: Params, tokens: Text, site: Site, *, budget: int = batching.BUDGET):
        self._tokens = jax.tree.map(np.asarray, tokens)
        mask = np.asarray(self._tokens.mask)
        if not mask.any():
            raise ValueError("expected at least one text with a symbol, got none")
        shapes = sites(forward, params, jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), self._tokens))
        check_site(site, shapes)
        if shapes[site].shape[-2] != mask.shape[1]:
            raise ValueError(
                f"{site!r} has {shapes[site].shape[-2]} vectors for a text of {mask.shape[1]} symbols; give a site "
                "with one for each"
            )
        self._activation = functools.partial(_activation, params, forward=forward, site=site)
        self._mask, self._ends = mask, np.cumsum(mask.sum(axis=1))
        self._chunk = batching.chunk_size(16 * sum(one.size for one in shapes.values()), len(mask), budget)
        self.shape = (int(self._ends[-1]), shapes[site].shape[-1])
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Float[np.ndarray, "*token unit"]:
        """Read tokens by number, slice or list of numbers, or a pair of those for tokens and units."""
        tokens, units = index if isinstance(index, tuple) else (index, slice(None))
        rows = np.arange(self.shape[0])[tokens]
        texts, place = np.unique(np.searchsorted(self._ends, np.atleast_1d(rows), side="right"), return_inverse=True)
        found = self._rows(texts)
        before = np.concatenate([[0], np.cumsum(self._mask[texts].sum(axis=1))])[place]
        within = np.atleast_1d(rows) - (self._ends[texts] - self._mask[texts].sum(axis=1))[place]
        picked = found[before + within][:, units]
        return picked[0] if rows.ndim == 0 else picked

    def _rows(self, texts: np.ndarray) -> Float[np.ndarray, "token unit"]:
        """Return all rows of some texts."""
        parts = []
        for first in range(0, len(texts), self._chunk):
            here = texts[first : first + self._chunk]
            filled = np.resize(here, self._chunk)  # one shape, so that it compiles once
            value = self._activation(jax.tree.map(lambda leaf: jnp.asarray(leaf[filled]), self._tokens))  # noqa: B023
            parts.append(np.asarray(value, np.float32)[: len(here)][self._mask[here]])
        return np.concatenate(parts) if parts else np.zeros((0, self.shape[1]), np.float32)


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _activation(params: Params, tokens: Text, *, forward: Forward, site: Site) -> Float[Array, "text time unit"]:
    return forward(params, tokens, {})[1][site]
