"""How well does a threshold on a unit tell a label? Counts of each value and label, and so every threshold at once.

Average precision, the area under the ROC curve and the best intersection over union are those of values of sixteen
bits, exactly, without a value being kept: `rank.average_precision` and `rank.iou` say the same of a table. The counts
of all labels together are those of `histogram`, which need not be made beside them.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, UInt16

from jaxneuron.atlas import Histogram, LabelledCounts, LabelThresholds, Statistic
from jaxneuron.atlas._levels import (
    Levels,
    added,
    checked,
    exact,
    numbered,
    of_batch,
    put,
    settled,
    summed,
    table,
    values,
)
from jaxneuron.atlas._sites import Flat, SiteBeside, each


def statistic(*, labels: int, lowest: int = -126, highest: int = 128, digits: int = 7) -> Statistic:
    """Return the statistic whose result is `LabelledCounts`.

    Args:
        labels: how many classes there are; a unit takes for each, and for the words without a class, as much as for
            `histogram`.
        lowest: see `histogram`, as what follows.
        highest: see `histogram`.
        digits: see `histogram`.

    Raises:
        ValueError: no labels; exponents or digits that bfloat16 does not have.
    """
    if labels < 1:
        raise ValueError(f"expected at least one label, got {labels}")
    levels = checked(lowest, highest, digits)
    ends = partial(_init, labels, levels), partial(_update, levels), summed, partial(_finish, levels)
    return each(*ends, beside=SiteBeside(partial(of_batch, levels), partial(_add, labels), settled))


def _init(labels: int, levels: Levels, units: int) -> Int[Any, "label unit level"]:
    return table((labels + 1) * units, levels).reshape(labels + 1, units, -1)


def _update(levels: Levels, state: Int[Any, "label unit level"], batch: Flat) -> Int[Any, "label unit level"]:
    level = jnp.where(batch.counted[None], numbered(batch.value.T, levels), levels.count)
    label = jnp.where(batch.rows.label >= 0, batch.rows.label, len(state) - 1)
    row = label[None] * state.shape[1] + jnp.arange(state.shape[1])[:, None]
    return added(state.reshape(-1, state.shape[2]), row, level).reshape(state.shape)


def _add(labels: int, state: Any, seen: UInt16[np.ndarray, "token unit"], batch: Flat) -> Any:
    rows = np.flatnonzero(batch.counted)
    label = batch.rows.label[rows]
    return put(state, seen, rows, np.where(label >= 0, label, labels) * seen.shape[1])


def _finish(levels: Levels, state: Int[np.ndarray, "label unit level"]) -> LabelledCounts:
    counts = state[..., :-1]
    every = counts.sum(axis=0)
    (held,) = np.nonzero(every.any(axis=0))
    tokens, level = int(every[0].sum()) if len(every) else 0, values(levels)[held]
    histogram = Histogram(tokens, level, every[:, held], exact(every, levels))
    if not tokens:
        level, counts, held = np.zeros(1), counts[..., :1], np.zeros(1, np.int64)
    total = every[:, held].astype(np.float64)
    found = [_label(one[:, held].astype(np.float64), total, level) for one in counts[:-1]]
    return LabelledCounts(histogram, LabelThresholds(tokens, *(np.stack(part) for part in zip(*found, strict=True))))


def _label(
    held: Float[np.ndarray, "unit level"], every: Float[np.ndarray, "unit level"], level: Float[np.ndarray, "level"]
) -> tuple[np.ndarray, ...]:
    """Return the measures of one label, of thresholds that rise along the levels."""
    label, tokens = held.sum(axis=1), every.sum(axis=1)
    others = tokens - label
    high, all_high = (one[:, ::-1].cumsum(axis=1)[:, ::-1] for one in (held, every))  # at or above each level
    low, all_low = held.cumsum(axis=1), every.cumsum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.sum(held * np.where(all_high > 0, high / all_high, 0), axis=1) / label
        falling = np.sum(held * np.where(all_low > 0, low / all_low, 0), axis=1) / label
        above = (all_low - low) - (every - held) / 2  # others below, and half of those that tie
        auroc = np.sum(held * above, axis=1) / (label * others)
        overlap = np.where(label[:, None] > 0, high / (label[:, None] + all_high - high), 0)
    best = np.argmax(overlap, axis=1)
    none, sides = label == 0, (label > 0) & (others > 0)
    return (
        np.where(none, 0, rising),
        np.where(none, 0, falling),
        np.where(sides, auroc, 0.5),
        np.take_along_axis(overlap, best[:, None], axis=1)[:, 0],
        np.where(none, np.nan, level[best]),
    )
