"""What does each unit do where a label holds? Means of each class, which `probeless` ranks by and LEACE erases.

Sums are of what lies beyond the first vector that was read, so that a unit far from 0 keeps its digits.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron.atlas import LabelMeans, Statistic
from jaxneuron.atlas._double import Double, add, halves, number
from jaxneuron.atlas._sites import Flat, each


class LabelTotals(NamedTuple):
    """What is known of the units of a site; values are less the shift."""

    tokens: Int[Any, ""]
    count: Int[Any, "label"]
    shift: Float[Any, "unit"]  # the first vector
    total: Double  # [unit]
    product: Double  # [label unit], sums over the words of each label


def statistic(*, labels: int) -> Statistic:
    """Return the statistic whose result is `LabelMeans`.

    Args:
        labels: how many classes there are.

    Raises:
        ValueError: none.
    """
    if labels < 1:
        raise ValueError(f"expected at least one label, got {labels}")
    return each(partial(_init, labels), _update, _merge, _finish)


def _init(labels: int, units: int) -> LabelTotals:
    one, rows = jnp.zeros(units, jnp.float32), jnp.zeros((labels, units), jnp.float32)
    none = jnp.zeros((), jnp.int32)
    return LabelTotals(none, jnp.zeros(labels, jnp.int32), one, Double(one, one), Double(rows, rows))


def _update(state: LabelTotals, batch: Flat) -> LabelTotals:
    shift = jnp.where(state.tokens > 0, state.shift, jnp.where(jnp.any(batch.counted), _first(batch), 0))
    value = jnp.where(batch.counted[:, None], batch.value - shift[None], 0)
    held = jax.nn.one_hot(jnp.where(batch.counted, batch.rows.label, -1), len(state.count), dtype=value.dtype)
    return LabelTotals(
        state.tokens + jnp.sum(batch.counted, dtype=jnp.int32),
        state.count + jnp.sum(held, axis=0).astype(jnp.int32),
        shift,
        add(state.total, jnp.sum(value, axis=0)),
        add(state.product, jnp.matmul(held.T, value, precision="highest")),
    )


def _first(batch: Flat) -> Float[Any, "unit"]:
    return batch.value[jnp.argmax(batch.counted)]


def _merge(one: LabelTotals, other: LabelTotals) -> LabelTotals:
    if not one.tokens or not other.tokens:
        return one if one.tokens else other
    gap = other.shift.astype(np.float64) - one.shift
    return LabelTotals(
        one.tokens.astype(np.int64) + other.tokens,
        one.count.astype(np.int64) + other.count,
        one.shift,
        halves(number(one.total) + number(other.total) + int(other.tokens) * gap),
        halves(number(one.product) + number(other.product) + np.outer(other.count, gap)),
    )


def _finish(state: LabelTotals) -> LabelMeans:
    held, left = state.count[:, None], int(state.tokens) - state.count[:, None]
    with np.errstate(invalid="ignore"):
        inside = np.where(held > 0, number(state.product) / np.maximum(held, 1), np.nan)
        outside = (number(state.total) - number(state.product)) / np.maximum(left, 1)
    shift = state.shift.astype(np.float64)
    return LabelMeans(int(state.tokens), state.count, shift + inside, shift + np.where(left > 0, outside, np.nan))
