"""How far does the vector of a text move when one word is taken out of it?

    omission(i, S) = 1 - cosine(h(S), h(S without i))

Kádár, Chrupała, Alishahi 2017, "Representation of Linguistic Form and Function in Recurrent Neural Networks"
(CL 43(4), arXiv 1602.08952). The word is deleted: those behind it move up, and the text is one shorter. `ablation` and
`occlusion` put something in its place instead, and ask about one score. h is the vector of any site at the end of the
text, or its mean over the words. The paper reads it at a symbol that ends every sentence; here the end is the last
token that the model is given, so of a model that reads no such symbol it is the last word.

Cost:
    One pass of the whole model for each word of each text, and one for the text.

Fails:
    Without a word a sentence may be no sentence, and the vector moves for that. In a model that reads no end symbol,
    taking out the last word reads another word's state.

Peers:
    The authors' code, for their GRU; here any site of any model. Captum has no deletion of words.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import _numbers, batching, padding
from jaxneuron.attribute._check import check_counts
from jaxneuron.games import sweep
from jaxneuron.split import traceable
from jaxneuron.tap import check_site, sites
from jaxneuron.targets import at_word
from jaxneuron.types import Forward, Params, Site, Text, Tokens

WIDTHS = 4
"""Lengths that texts are padded to, at most: each is a compilation."""

Kept = Callable[[Shaped[Any, "batch time"]], Shaped[Array, "batch *unit"]]
"""From which words of each text are there (0: gone) to its vector, or to a score."""


def attribute(
    kept: Kept,
    x: Shaped[Any, "..."],
    *,
    mask: Bool[Any, "..."] | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch time"]:
    """Return how much each word that is taken out changes: of vectors `1 - cosine`, of scores the difference.

    Args:
        kept: what is asked about, such as `without(forward, params, tokens, site)`.
        x: which words are there, such as the tokens' mask.
        mask: true where words are taken out in turn; the others get exactly 0.
        budget: bytes for what is computed at a time.

    Returns:
        From 0 to 2 where vectors are compared; NaN where nothing is left of the text, or a vector is zero.

    Raises:
        ValueError: `x` is no `[batch time]`, holds NaN, or the mask does not fit it.

    Example:
        >>> bag = lambda there: there @ jnp.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        >>> [round(float(one), 3) for one in attribute(bag, jnp.ones((1, 3)))[0]]
        [0.051, 0.106, 0.051]
    """
    x = _numbers.floating(_numbers.array(x, "x"))
    if x.ndim != 2 or not x.size:
        raise ValueError(f"expected `x` as [batch time], at least one text and word, got the shape {x.shape}")
    mask = jnp.ones(x.shape, bool) if mask is None else jnp.asarray(mask)
    if mask.shape != x.shape or mask.dtype != bool:
        raise ValueError(f"expected a mask like `x` {x.shape}, true where words count; got {mask.dtype} {mask.shape}")
    return _attribute(traceable(kept), x, mask, budget)


@jax.jit(static_argnums=3)
def _attribute(kept: Any, x: Array, mask: Array, budget: int) -> Float[Array, "batch time"]:
    whole = _numbers.floating(kept(x))

    def change(place: Array) -> Float[Array, "batch"]:
        left = _numbers.floating(kept(jnp.where(jnp.arange(x.shape[1]) == place, 0, x)))
        if whole.ndim == 1:
            return whole - left
        # half the squared distance of unit vectors is 1 - cosine, without the cancellation
        return 0.5 * jnp.sum((_unit(whole) - _unit(left)) ** 2, axis=-1)

    found = sweep(change, jnp.arange(x.shape[1]), budget=budget).T
    return jnp.where(mask & (x != 0), found, 0)


def _unit(vector: Float[Array, "batch unit"]) -> Float[Array, "batch unit"]:
    return vector / jnp.linalg.norm(vector, axis=-1, keepdims=True)


def without(forward: Forward, params: Params, tokens: Text, site: Site, *, pool: str = "end") -> Kept:
    """Return the map from the words that are left of each text to its vector; the others are deleted.

    Args:
        forward: the model.
        params: its weights.
        tokens: the texts, whole.
        site: whose vector.
        pool: "end", at the last token that is left, or "mean" over all that are left. A site that has one vector for
            each text gives that one.

    Raises:
        KeyError: the model has no such site.
        TypeError: texts that are more than a row of tokens, such as pairs.
        ValueError: another pool.
    """
    _check(tokens, pool)
    check_site(site, sites(forward, params, tokens))
    return _Without(forward, params, tokens, site, pool)


def _check(tokens: Text, pool: str) -> None:
    if type(tokens) is not Tokens:
        raise TypeError(f"expected Tokens, one text in each row, got {type(tokens).__name__}; split them first")
    if pool not in ("end", "mean"):
        raise ValueError(f"expected pool as end or mean, got {pool!r}")


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Without:
    forward: Any = field(metadata={"static": True})
    params: Any
    tokens: Any
    site: Site = field(metadata={"static": True})
    pool: str = field(metadata={"static": True})

    def __call__(self, there: Shaped[Array, "batch time"]) -> Float[Array, "batch unit"]:
        """Return the vector of each text, NaN where nothing is left."""
        ids, mask = jnp.asarray(self.tokens.ids), jnp.asarray(self.tokens.mask)
        there = (there != 0) & mask
        order = jnp.argsort(~there, axis=-1, stable=True)
        moved = jnp.take_along_axis(ids, order.reshape(*order.shape, *[1] * (ids.ndim - 2)), axis=1)
        left = Tokens(moved, jnp.take_along_axis(there, order, axis=1))
        value = self.forward(self.params, left, {})[1][self.site]
        if self.pool == "mean" and value.shape[1] == there.shape[1]:
            vector = jnp.sum(jnp.where(left.mask[..., None], value, 0), axis=1) / jnp.sum(left.mask, axis=1)[:, None]
        else:
            vector = at_word(value, left, -1)
        return jnp.where(jnp.any(there, axis=1)[:, None], vector, jnp.nan)


def of_texts(
    forward: Forward,
    params: Params,
    tokens: Text,
    site: Site,
    *,
    pool: str = "end",
    batch: int = 64,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Float[np.ndarray, "text time"]:
    """Return the omission score of every word of many texts, those of like length at a time.

    Args:
        forward: the model.
        params: its weights.
        tokens: on the host; any number of texts, of any lengths.
        site: whose vector.
        pool: see `without`.
        batch: texts at a time.
        budget: bytes for what is computed at a time.
        progress: called after each batch, with texts.

    Returns:
        NaN where there is no word, at the only word of a text, and where a vector is zero.

    Raises:
        KeyError, TypeError, ValueError: see `without`; or there is no word at all.
    """
    check_counts(batch=batch)
    _check(tokens, pool)
    lengths = np.asarray(tokens.mask).sum(axis=1)
    if not lengths.any():
        raise ValueError("there is no word in the texts; expected at least one text with two words")
    found = np.full(np.shape(tokens.mask), np.nan, np.float32)
    texts, widths, done = Tokens(tokens.ids, tokens.mask), padding.widths(lengths[lengths > 0], WIDTHS), 0
    for rows, width in padding.by_length(lengths, batch=batch, padded=widths, seed=None):
        part = padding.take(texts, rows, width)
        score = attribute(without(forward, params, part, site, pool=pool), part.mask, budget=budget)
        score = np.where(part.mask, np.asarray(score), np.nan)
        found[rows[rows >= 0], :width] = score[rows >= 0]
        done += int((rows >= 0).sum())
        if progress:
            progress(done, len(lengths))
    return found
