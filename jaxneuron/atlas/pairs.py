"""Which units of a site go together? Pearson's correlation of every two of them, and each unit's nearest.

Sums of products of what is centred, joined as in `moments`. They are a number for each two units: for wide sites the
products take as long as the model itself.
"""

from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron.atlas import Neighbours, Statistic
from jaxneuron.atlas._centred import batch_mean, centred, moved
from jaxneuron.atlas._double import Double, add, halves, number
from jaxneuron.atlas._sites import Flat, each


class PairSums(NamedTuple):
    """What is known of the units of a site together."""

    count: Int[Any, ""]
    mean: Double  # [unit]
    product: Double  # [unit unit], sums of the products of what is centred


def statistic(*, count: int = 10) -> Statistic:
    """Return the statistic whose result is `Neighbours`.

    Args:
        count: neighbours of each unit.

    Raises:
        ValueError: none.
    """
    if count < 1:
        raise ValueError(f"expected at least one neighbour of each unit, got {count}")
    return each(_init, _update, _merge, partial(_finish, count))


def _init(units: int) -> PairSums:
    one, two = jnp.zeros(units, jnp.float32), jnp.zeros((units, units), jnp.float32)
    return PairSums(jnp.zeros((), jnp.int32), Double(one, one), Double(two, two))


def _update(state: PairSums, batch: Flat) -> PairSums:
    part, before = batch_mean(batch), state.count.astype(jnp.float32)
    new = part.count / jnp.maximum(before + part.count, 1)
    gap, mean = moved(state.mean, part, new)
    deviation = centred(batch, part)
    product = jnp.matmul(deviation.T, deviation, precision="highest")
    product = add(add(state.product, product), before * new * gap[:, None] * gap[None])
    return PairSums(state.count + part.count.astype(jnp.int32), mean, product)


def _merge(one: PairSums, other: PairSums) -> PairSums:
    n, m = int(one.count), int(other.count)
    if not n or not m:
        return one if n else other
    gap = number(other.mean) - number(one.mean)
    product = number(one.product) + number(other.product) + n * m / (n + m) * np.outer(gap, gap)
    return PairSums(np.asarray(n + m), halves(number(one.mean) + gap * m / (n + m)), halves(product))


def _finish(count: int, state: PairSums) -> Neighbours:
    table = correlation(state)
    units = len(table)
    np.fill_diagonal(table, 0)
    order = np.argsort(-np.abs(table), axis=1, kind="stable")[:, : min(count, max(units - 1, 0))]
    best = np.take_along_axis(table, order, axis=1)
    return Neighbours(np.where(best == 0, -1, order), best)


def products(state: PairSums) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit unit"]]:
    """Return the mean of each unit, and the sums of the products of what is centred, in double precision."""
    return number(state.mean), number(state.product)


def correlation(state: PairSums) -> Float[np.ndarray, "unit unit"]:
    """Return Pearson's correlation of every two units; 0 where one never changes."""
    _, product = products(state)
    spread = np.sqrt(np.maximum(product.diagonal(), 0))
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.clip(product * inverse[:, None] * inverse, -1, 1)
