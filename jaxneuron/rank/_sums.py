"""Sums over words, a block at a time: what class means, pooled spreads and correlations are made of.

Some hundred words are summed in float32, and these sums are added up in float64: a million words lose no digits. Sums
are of the distance to what the first words were like, so that a unit that hovers far from zero keeps its digits as
well. Where a block's squares would leave the range of float32, it is summed in float64.

This is numpy, because the words come from memory or disk: a few sums of each take no longer than to copy them to a
device, and on a CPU half as long as to hand them to XLA.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from jaxneuron import _labels, _numbers, batching
from jaxneuron.table import Checked, Table, spans

LEAST = 128
"""Words at a time, at least."""

ENTRIES = 2**19
"""Activations at a time, so that they are still in the cache when they are read for the next sum."""

SMALLEST = 1e-30
"""A sum of squares below it may have lost digits in float32, as its terms come near the smallest numbers there are."""

REACH = 1e150
"""The widest range whose square float64 holds; one over it is the narrowest."""


class Shift(NamedTuple):
    """What is taken off before anything is summed; decided by the first words."""

    unit: Float[np.ndarray, "unit"]
    label: Float[np.ndarray, "label"]  # 0 but for numbers


class Spread(NamedTuple):
    """How far each unit goes."""

    square: Float[np.ndarray, "unit"] | None  # of activation - shift
    low: Float[np.ndarray, "unit"]
    high: Float[np.ndarray, "unit"]


class Sums(NamedTuple):
    """What is known of the words so far; activations and numbers are less their shift."""

    tokens: float
    label: Float[np.ndarray, "label"]  # of labels: tokens at which a class or concept holds
    label_square: Float[np.ndarray, "label"]
    total: Float[np.ndarray, "unit"]  # of activations
    product: Float[np.ndarray, "label unit"]  # of label * activation
    shift: Shift | None  # None before the first word
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
        shift=None,
        spread=Spread(none if squares else None, none + np.inf, none - np.inf) if extremes or squares else None,
    )


def update(
    sums: Sums,
    index: Any,
    valid: Shaped[Any, "token"],
    activations: Shaped[Any, "token unit"],
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
    valid, activations, labels = np.asarray(valid), _numbers.exact(activations), np.asarray(labels)
    if not valid.all():
        activations, labels = activations[valid], labels[valid]
    if not len(activations):
        return sums
    if labels.ndim == 1:
        labels = labels[:, None] == np.arange(len(sums.label))
    if sums.shift is None:
        sums = sums._replace(shift=_shift(activations[:LEAST], labels[:LEAST]))
    for here in spans(len(activations), max(LEAST, ENTRIES // activations.shape[1])):
        sums = _add(sums, activations[here], labels[here])
    return sums


def _shift(activations: np.ndarray, labels: np.ndarray) -> Shift:
    """Return what the first words are on average, exactly their value for what they all have in common."""
    labels = labels.astype(np.float64) * (labels.dtype.kind == "f")
    unit, label = (first[0] + (first - first[0]).mean(axis=0, dtype=np.float64) for first in (activations, labels))
    return Shift(unit.astype(activations.dtype), label)


def _add(sums: Sums, x: np.ndarray, labels: np.ndarray) -> Sums:
    spread, shift = sums.spread, sums.shift
    assert shift is not None  # `update` has set it
    if spread is not None:
        low, high = np.minimum(spread.low, x.min(axis=0)), np.maximum(spread.high, x.max(axis=0))
        spread = spread._replace(low=low, high=high)
    if labels.dtype.kind == "f":
        labels = labels.astype(np.float64) - shift.label
        x = x.astype(np.float64)
    rows = np.concatenate([np.ones_like(labels[:, :1]), labels], axis=1).T
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        centred = x - shift.unit
        product, square = _products(rows.astype(x.dtype), centred, spread)
        if x.dtype == np.float32 and _beyond(product, square, spread):
            product, square = _products(rows.astype(np.float64), x.astype(np.float64) - shift.unit, spread)
        if spread is not None and square is not None:
            spread = spread._replace(square=spread.square + square)
        return Sums(
            tokens=sums.tokens + len(x),
            label=sums.label + labels.sum(axis=0),
            label_square=sums.label_square + np.square(labels, dtype=np.float64).sum(axis=0),
            total=sums.total + product[0],
            product=sums.product + product[1:],
            shift=shift,
            spread=spread,
        )


def _products(rows: np.ndarray, x: np.ndarray, spread: Spread | None) -> tuple[np.ndarray, np.ndarray | None]:
    wanted = spread is not None and spread.square is not None
    return rows @ x, np.einsum("tu,tu->u", x, x) if wanted else None


def _beyond(product: np.ndarray, square: np.ndarray | None, spread: Spread | None) -> bool:
    """Return whether float32 is too narrow for a block."""
    if not np.isfinite(product).all():
        return True
    if square is None or spread is None:
        return False
    return not np.isfinite(square).all() or bool(np.any((square < SMALLEST) & (spread.low < spread.high)))


def over(
    activations: Table,
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
        activations: of each token.
        labels: classes or concepts; numbers only where they are asked for.
        extremes: whether the lowest and highest activations are wanted.
        squares: whether squares (and extremes) are wanted.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.
        numbers: whether numbers are taken.

    Raises:
        TypeError, ValueError: see `_labels` and `table.Checked`; a unit whose squares no float holds.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    labels = _labels.checked(labels, tokens)
    classes = labels.dtype.kind in "iu"
    if classes:
        rows, count = _labels.classes(labels, tokens)
    else:
        given = numbers and labels.dtype.kind == "f"
        rows = _labels.numbers(labels, tokens) if given else _labels.concepts(labels, tokens)
        count = rows.shape[1]
    sums = init(count, units, extremes=extremes, squares=squares)
    chunk = batching.chunk_size((1 + checked.copies) * 4 * units, tokens, budget)
    for here in spans(tokens, chunk, progress):
        block = checked.unchecked(here)
        sums = update(sums, None, np.ones(len(block), bool), block, rows[here])
        if not np.isfinite(sums.total).all():
            checked[here]  # names what is not finite
    if squares and sums.spread is not None:
        reach = sums.spread.high - sums.spread.low
        if wrong := np.flatnonzero((reach > REACH) | ((reach > 0) & (reach < 1 / REACH))).tolist():
            raise ValueError(
                f"unit {wrong[0]} has a range of {reach[wrong[0]]:g}, whose square no float holds; "
                "divide the unit by its scale"
            )
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
    norm = np.outer(np.sqrt(np.maximum(label, 0)), np.sqrt(np.maximum(unit, 0)))
    return np.clip(np.divide(product, norm, out=np.zeros_like(norm), where=norm > 0), -1, 1)
