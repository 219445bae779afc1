"""The model's side of the bargain: name each activation, let edits act on it, and hand it out.

A model makes one `Tap(edits)` per call and routes every activation through it. The recorded dict is the
second value that the forward returns. There are no hooks and no state that outlives the call.
"""

import difflib
import functools
from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.types import Activations, Edit, Forward, Params, Site, Text


class Tap:
    """Applies the edits of one forward pass and records its activations.

    Example:
        >>> import jax.numpy as jnp
        >>> tap = Tap({})
        >>> tap("embed", jnp.ones((1, 2, 3)), jnp.arange(2)).shape
        (1, 2, 3)
        >>> list(tap.activations())
        ['embed']
    """

    def __init__(self, edits: Mapping[Site, Edit]):
        self._edits = edits
        self._activations: Activations = {}

    def edit(self, site: Site, value: Array, time: Array) -> Array:
        """Return `value` with the site's edit applied. Inside a scan, pair it with `record` outside.

        Args:
            site: where.
            value: what the model computed.
            time: the position, or positions, that it is of.
        """
        return self._edits[site](value, time) if site in self._edits else value

    def record(self, site: Site, value: Float[Array, "*batch time unit"]) -> None:
        """Keep `value` as the site's activation.

        Raises:
            ValueError: the model names two activations alike.
        """
        if site in self._activations:
            raise ValueError(f"the model records the site {site!r} twice; give each activation its own name")
        self._activations[site] = value

    def __call__(self, site: Site, value: Array, time: Array) -> Array:
        """Edit and record a feed-forward activation; return what flows on."""
        value = self.edit(site, value, time)
        self.record(site, value)
        return value

    def activations(self) -> Activations:
        """Return what was recorded.

        Raises:
            KeyError: an edit names a site that the model does not have.
        """
        for site in self._edits:
            check_site(site, self._activations)
        return self._activations


def check_site(site: Site, known: Iterable[Site]) -> None:
    """Raise a KeyError that offers the nearest name if `site` is not among the `known` ones."""
    known = list(known)
    if site not in known:
        raise KeyError(f"no site {site!r} in this model{nearest(site, known)}; its sites are {', '.join(known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `": did you mean ...?"` for an unknown name, or nothing if no known one is near.

    Example:
        >>> nearest("embde", ["embed", "visual/gru"])
        ": did you mean 'embed'?"
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f": did you mean {matches[0]!r}?" if matches else ""


def sites(forward: Forward, params: Params, tokens: Text) -> dict[Site, jax.ShapeDtypeStruct]:
    """Return the shape and dtype of each activation on `tokens`, without computing anything.

    Args:
        forward: the model.
        params: its weights.
        tokens: an example input; the batch and time axes of the answer are its own.

    Returns:
        Site -> shape `[batch, time, unit]` and dtype.
    """
    return _activations.eval_shape(forward, params, tokens)


@functools.partial(jax.jit, static_argnums=0)  # its traces are kept: a search asks for the sites each time
def _activations(forward: Forward, params: Params, tokens: Text) -> Activations:
    return forward(params, tokens, {})[1]


def read(
    forward: Forward,
    params: Params,
    tokens: Text,
    site: Site,
    *,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Float[np.ndarray, "batch time unit"]:
    """Return the activation at a site of many texts, as many together as a budget holds.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts, on the host or not.
        site: which activation.
        budget: bytes for what is computed at a time.
        progress: called with the texts that are done, and all.

    Raises:
        KeyError: the model has no such site.
        ValueError: no texts.

    Example:
        >>> from jaxneuron.types import Tokens
        >>> def forward(params, tokens, edits):
        ...     return None, {"embed": params[tokens.ids]}
        >>> table, text = jnp.arange(6.0).reshape(3, 2), Tokens(jnp.array([[2, 0]]), jnp.ones((1, 2), bool))
        >>> read(forward, table, text, "embed").tolist()
        [[[4.0, 5.0], [0.0, 1.0]]]
    """
    rows = jax.tree.map(np.asarray, tokens)
    total = len(rows.mask)
    if not total:
        raise ValueError("expected at least one text to read, got none")
    shapes = sites(forward, params, jax.tree.map(lambda leaf: jnp.asarray(leaf[:1]), rows))
    check_site(site, shapes)
    chunk = batching.chunk_size(8 * shapes[site].size, total, budget)

    def update(parts: list[np.ndarray], index: Array, valid: Array, some: Text) -> list[np.ndarray]:
        return [*parts, np.asarray(_activation(forward, params, some, site=site))]

    found = batching.fold_rows(update, [], rows, chunk=chunk, progress=progress)
    return np.concatenate(found)[:total]


@functools.partial(jax.jit, static_argnames=("forward", "site"))
def _activation(forward: Forward, params: Params, tokens: Text, *, site: Site) -> Float[Array, "*batch time unit"]:
    return forward(params, tokens, {})[1][site]


def lookup(table: Float[Array, "vocab unit"], ids: Array) -> Float[Array, "*batch time unit"]:
    """Embed words by gather, or soft words by matrix product; the dtype of `ids` decides.

    Args:
        table: a row for each word.
        ids: whole numbers `[*batch time]`, or weights of all words `[*batch time vocab]`.

    Returns:
        The vector of each word, or the weighted sum of all.

    Example:
        >>> import jax.numpy as jnp
        >>> table = jnp.array([[1.0, 0.0], [0.0, 2.0]])
        >>> lookup(table, jnp.array([[1]])).tolist() == lookup(table, jnp.array([[[0.0, 1.0]]])).tolist()
        True
    """
    if jnp.issubdtype(ids.dtype, jnp.integer):
        return table[ids]
    return ids @ table
