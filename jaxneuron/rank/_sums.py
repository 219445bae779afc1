"""Sums over words, a block at a time: what class means, pooled spreads and correlations are made of.

Some hundred words are summed in float32, and these sums are added up in float64: a million words lose no digits.
Squares are of the distance to the first words' mean, so that a unit that hovers far from zero keeps its digits as well.

This is numpy, because the words come from memory or disk: a few sums of each take no longer than to copy them to a
device, and on a CPU half as long as to hand them to XLA.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from jaxneuron import batching
from jaxneuron.rank import _labels, _stream

LEAST = 128
"""Words at a time, at least."""

ENTRIES = 2**19
"""Activations at a time, so that they are still in the cache when they are read for the next sum."""


class Spread(NamedTuple):
    """How far each unit goes; without squares there is no shift, and none before the first word."""

    shift: Float[np.ndarray, "unit"] | None  # taken off every activation
    square: Float[np.ndarray, "unit"] | None  # of activation - shift
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


def init(labels: int, units: int, *, extremes: bool = False, squares: bool = False) -> Sums:
    """Return the sums over no words; squares come with the extremes."""
    none = np.zeros(units)
    return Sums(
        tokens=0.0,
        label=np.zeros(labels),
        label_square=np.zeros(labels),
        total=none,
        product=np.zeros((labels, units)),
        spread=Spread(None, none if squares else None, none + np.inf, none - np.inf) if extremes or squares else None,
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
    valid, activations, labels = np.asarray(valid), np.asarray(activations), np.asarray(labels)
    if not valid.all():
        activations, labels = activations[valid], labels[valid]
    if labels.ndim == 1:
        labels = labels[:, None] == np.arange(len(sums.label))
    spread = sums.spread
    if spread is not None and spread.square is not None and spread.shift is None and len(activations):
        sums = sums._replace(spread=spread._replace(shift=activations[:LEAST].mean(axis=0)))
    rows = max(LEAST, ENTRIES // activations.shape[1])
    for first in range(0, len(activations), rows):
        here = slice(first, first + rows)
        sums = _add(sums, activations[here], labels[here].astype(np.float32))
    return sums


def _add(sums: Sums, x: np.ndarray, labels: np.ndarray) -> Sums:
    spread, rows = sums.spread, np.concatenate([np.ones_like(labels[:, :1]), labels], axis=1).T
    if spread is not None:
        low, high = np.minimum(spread.low, x.min(axis=0)), np.maximum(spread.high, x.max(axis=0))
        spread = spread._replace(low=low, high=high)
        if spread.square is not None:
            x = x - spread.shift
            spread = spread._replace(square=spread.square + np.einsum("tu,tu->u", x, x))
    product = rows @ x
    return Sums(
        tokens=sums.tokens + len(x),
        label=sums.label + labels.sum(axis=0),
        label_square=sums.label_square + np.square(labels).sum(axis=0),
        total=sums.total + product[0],
        product=sums.product + product[1:],
        spread=spread,
    )


def over(
    activations: Any,
    labels: Any,
    *,
    extremes: bool = False,
    squares: bool = False,
    budget: int,
    progress: batching.Progress | None,
    numbers: bool = False,
) -> tuple[Sums, bool]:
    """Return the sums over all words, and whether the labels are classes: one at a time.

    Args:
        activations: `[token, unit]`, an array or the lazy array of a store.
        labels: classes or concepts; numbers only where they are asked for, and then as distances to their mean.
        extremes: whether the lowest and highest activations are wanted.
        squares: whether squares (and extremes) are wanted.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.
        numbers: whether numbers are taken.
    """
    checked = _stream.Checked(activations)
    tokens, units = checked.shape
    labels = _labels.checked(labels, tokens)
    classes = labels.dtype.kind in "iu"
    if classes:
        rows, count = _labels.classes(labels, tokens)
    else:
        rows = _labels.numbers(labels, tokens) if numbers else _labels.concepts(labels, tokens)
        if numbers and labels.dtype != bool:
            rows = (rows - rows.mean(axis=0, dtype=np.float64)).astype(np.float32)
        count = rows.shape[1]
    sums = init(count, units, extremes=extremes, squares=squares)
    chunk = batching.chunk_size((1 + checked.copies) * 4 * units, tokens, budget)
    for first in range(0, tokens, chunk):
        here = slice(first, min(first + chunk, tokens))
        block = np.asarray(activations[here], np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = update(sums, None, np.ones(len(block), bool), block, rows[here])
        if not np.isfinite(sums.total).all():
            checked[here]  # names what is not finite
        if progress:
            progress(here.stop, tokens)
    return sums, classes


def contrast(sums: Sums) -> tuple[Float[np.ndarray, "label unit"], Float[np.ndarray, "label unit"]]:
    """Return each unit's mean where a label holds and where not, both less the shift; nan where there is no token."""
    others = sums.tokens - sums.label
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums.product / sums.label[:, None], (sums.total - sums.product) / others[:, None]


def correlation(sums: Sums) -> Float[np.ndarray, "label unit"]:
    """Return Pearson's correlation of each label and unit; 0 where one of them never changes."""
    spread = sums.spread
    if spread is None or spread.square is None:
        raise ValueError("these sums are without the squares of the units; begin with `correlation.init`")
    product = sums.product - np.outer(sums.label, sums.total) / sums.tokens
    unit = np.where(spread.low < spread.high, spread.square - sums.total**2 / sums.tokens, 0)
    label = sums.label_square - sums.label**2 / sums.tokens
    norm = np.sqrt(np.outer(np.maximum(label, 0), np.maximum(unit, 0)))
    return np.clip(np.divide(product, norm, out=np.zeros_like(norm), where=norm > 0), -1, 1)
