"""Sums over words, a block at a time: what class means, pooled spreads and correlations are made of.

A block is summed in float32, and blocks are added up in float64: a million words lose no digits. Squares are of the
distance to the first block's mean, so that a unit that hovers far from zero keeps its digits as well.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from jaxneuron import batching
from jaxneuron.rank import _labels, _stream


class Spread(NamedTuple):
    """How far each unit goes."""

    shift: Float[np.ndarray, "unit"] | None  # taken off every activation; None before the first block
    square: Float[np.ndarray, "unit"]  # of activation - shift
    low: Float[np.ndarray, "unit"]
    high: Float[np.ndarray, "unit"]


class Sums(NamedTuple):
    """What is known of the words so far; activations are less the shift of `spread`, where there is one."""

    tokens: float
    label: Float[np.ndarray, "label"]  # of labels: tokens at which a class or concept holds
    label_square: Float[np.ndarray, "label"]
    total: Float[np.ndarray, "unit"]  # of activations
    product: Float[np.ndarray, "label unit"]  # of label * activation
    spread: Spread | None


def init(labels: int, units: int, *, spread: bool) -> Sums:
    """Return the sums over no words."""
    none = np.zeros(units)
    return Sums(
        tokens=0.0,
        label=np.zeros(labels),
        label_square=np.zeros(labels),
        total=none,
        product=np.zeros((labels, units)),
        spread=Spread(None, none, none + np.inf, none - np.inf) if spread else None,
    )


def update(
    sums: Sums,
    index: Any,
    valid: Shaped[Any, "token"],
    activations: Float[Any, "token unit"],
    labels: Shaped[Any, "token *label"],
) -> Sums:
    """Add a block of words.

    Args:
        sums: of the words before.
        index: not used.
        valid: false where a row is no word.
        activations: of the block.
        labels: classes `[token]`, or a column for each concept or kind of number.
    """
    del index
    spread = sums.spread
    if spread is not None and spread.shift is None:
        spread = spread._replace(shift=np.asarray(_mean(valid, activations)))
    shift = None if spread is None else spread.shift
    block, square, low, high = jax.tree.map(np.asarray, _block(valid, activations, labels, shift, len(sums.label)))
    tokens, label, label_square, total, product = block
    if spread is not None:
        low, high = np.minimum(spread.low, low), np.maximum(spread.high, high)
        spread = Spread(spread.shift, spread.square + square, low, high)
    return Sums(
        tokens=sums.tokens + float(tokens),
        label=sums.label + label,
        label_square=sums.label_square + label_square,
        total=sums.total + total,
        product=sums.product + product,
        spread=spread,
    )


def over(
    activations: Any,
    labels: Any,
    *,
    spread: bool,
    budget: int,
    progress: batching.Progress | None,
    numbers: bool = False,
) -> tuple[Sums, bool]:
    """Return the sums over all words, and whether the labels are classes: one at a time.

    Args:
        activations: `[token, unit]`, an array or the lazy array of a store.
        labels: classes or concepts; numbers only where they are asked for, and then as distances to their mean.
        spread: whether squares and extremes are wanted.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.
        numbers: whether numbers are taken.
    """
    tokens, units = _stream.Checked(activations).shape
    labels = _labels.checked(labels, tokens)
    classes = labels.dtype.kind in "iu"
    if classes:
        rows, count = _labels.classes(labels, tokens)
    else:
        rows = _labels.numbers(labels, tokens) if numbers else _labels.concepts(labels, tokens)
        if numbers and labels.dtype != bool:
            rows = (rows - rows.mean(axis=0, dtype=np.float64)).astype(np.float32)
        count = rows.shape[1]
    first = init(count, units, spread=spread)
    return _stream.over_words(update, first, activations, rows, budget=budget, progress=progress), classes


def contrast(sums: Sums) -> tuple[Float[np.ndarray, "label unit"], Float[np.ndarray, "label unit"]]:
    """Return each unit's mean where a label holds and where not, both less the shift; nan where there is no token."""
    others = sums.tokens - sums.label
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums.product / sums.label[:, None], (sums.total - sums.product) / others[:, None]


@jax.jit
def _mean(valid: Array, activations: Array) -> Array:
    return valid @ activations / jnp.maximum(jnp.sum(valid), 1)


@jax.jit(static_argnames="count")
def _block(valid: Array, activations: Array, labels: Array, shift: Array | None, count: int) -> Any:
    labels = jax.nn.one_hot(labels, count) if labels.ndim == 1 else labels.astype(jnp.float32)
    one = valid.astype(jnp.float32)[:, None]
    labels = labels * one
    x = activations if shift is None else activations - shift
    total, product = jnp.split(
        jnp.matmul(jnp.concatenate([one, labels], axis=1).T, x, precision=jax.lax.Precision.HIGHEST), [1]
    )
    sums = jnp.sum(one), jnp.sum(labels, axis=0), jnp.sum(labels**2, axis=0), total[0], product
    if shift is None:
        return sums, None, None, None
    low = jnp.min(jnp.where(valid[:, None], activations, jnp.inf), axis=0)
    high = jnp.max(jnp.where(valid[:, None], activations, -jnp.inf), axis=0)
    return sums, jnp.sum(jnp.where(valid[:, None], x * x, 0), axis=0), low, high
