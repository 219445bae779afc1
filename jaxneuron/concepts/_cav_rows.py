"""Concept activation vectors from the products of their rows: the direction is a sum of rows.

For fewer rows than units. A classifier is `(gram[row row], y[row], weight[row], penalty) -> (c[row], offset)`, where
`gram` holds the products of centred rows times the root of their weight: the direction is the sum of `c` times those
rows, and `offset` the bias where the rows are centred. So vectors that draw their rows from one pool share the pool's
products, and none of them needs a copy of its rows.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxneuron.concepts import _newton


def mean(
    gram: Float[Array, "row row"], y: Float[Array, "row"], weight: Float[Array, "row"], penalty: Float[Array, ""]
) -> tuple[Float[Array, "row"], Float[Array, ""]]:
    """Return the difference of the two means; the penalty has no effect."""
    one, other = sides(y, weight)
    c = (one - other) / _root(weight)
    return c, _midway(gram, c, y, weight)


def ridge(
    gram: Float[Array, "row row"], y: Float[Array, "row"], weight: Float[Array, "row"], penalty: Float[Array, ""]
) -> tuple[Float[Array, "row"], Float[Array, ""]]:
    """Return `(K + penalty) ^ -1 y` for centred labels of -1 and 1."""
    c = solved(gram, penalty, jnp.sqrt(weight) * signs(y, weight))
    return c, _midway(gram, c, y, weight)


def logistic(
    gram: Float[Array, "row row"], y: Float[Array, "row"], weight: Float[Array, "row"], penalty: Float[Array, ""]
) -> tuple[Float[Array, "row"], Float[Array, ""]]:
    """Return the minimum of `sum of weight * log loss + penalty/2 |direction|^2`."""
    newton = _newton.inverse(gram / 4, penalty)

    def descend(ahead: _newton.Point, wrong: Array) -> tuple[Array, Array, Array]:
        slope = jnp.sqrt(weight) * wrong + penalty * ahead.coefficient
        back = newton @ slope
        fall = 4 * (slope - penalty * back) / _root(weight)  # K N = 4 (1 - penalty N): no product with K
        return ahead.coefficient - back, ahead.logit - fall, slope

    def along(slope: Array, move: _newton.Point) -> Array:
        return slope @ (jnp.sqrt(weight) * move.logit)

    found = _newton.minimum(descend, along, len(y), y, weight)
    return found.coefficient, found.bias - prior(y, weight)


@partial(jax.jit, static_argnames=("classifier", "chunk"))
def pooled(
    x: Float[Array, "pool unit"],
    rows: Int[Array, "cav row"],
    y: Float[Array, "cav row"],
    l2: Float[Array, ""],
    *,
    classifier: str,
    chunk: int,
) -> tuple[Float[Array, "cav unit"], Float[Array, "cav"]]:
    """Return the vectors and biases of many data sets whose rows are drawn from one pool, `chunk` at a time."""
    origin = jnp.mean(x, axis=0, keepdims=True)  # any would do; near the rows, their products lose the least
    x = x - origin
    products = x @ x.T

    def one(drawn: tuple[Array, Array]) -> tuple[Array, Array, Array]:
        rows, y = drawn
        gram = products[rows[:, None], rows[None]]
        middle = jnp.mean(gram, axis=0, keepdims=True)
        gram = gram - middle - middle.T + jnp.mean(middle)
        c, offset = CLASSIFIERS[classifier](gram, y, jnp.ones_like(y), penalty(l2, jnp.trace(gram), x.shape[1]))
        nothing = jnp.zeros(len(x), x.dtype)
        return nothing.at[rows].add(c - jnp.mean(c)), nothing.at[rows].add(1 / len(rows)), offset

    c, share, offset = jax.lax.map(one, (rows, y), batch_size=min(chunk, len(y)))
    direction = c @ x
    return direction, offset - jnp.sum(c * (share @ products), axis=1) - direction @ origin[0]


def penalty(l2: Array, variance: Array, units: int) -> Array:
    """Return `l2` times the variance that a unit has, summed over rows; above 0, that matrices may be inverted."""
    return jnp.maximum(l2 * variance / units, 1e-30)


def solved(gram: Array, penalty: Array, right: Array) -> Array:
    """Return `(gram + penalty) ^ -1 right`."""
    factor = jax.scipy.linalg.cho_factor(gram + penalty * jnp.eye(len(gram), dtype=gram.dtype))
    return jax.scipy.linalg.cho_solve(factor, right)


def signs(y: Float[Array, "row"], weight: Float[Array, "row"]) -> Float[Array, "row"]:
    """Return labels of -1 and 1, less their mean."""
    return 2 * y - 1 - jnp.sum(weight * (2 * y - 1)) / jnp.sum(weight)


def sides(y: Float[Array, "row"], weight: Float[Array, "row"]) -> Float[Array, "2 row"]:
    """Return each row's share in the mean of the concept's rows, and in that of the others."""
    share = jnp.stack([weight * y, weight * (1 - y)])
    return share / jnp.sum(share, axis=1, keepdims=True)


def prior(y: Float[Array, "row"], weight: Float[Array, "row"]) -> Float[Array, ""]:
    """Return the log odds of the labels: a boundary halfway has no use for how many rows each side has."""
    positive = jnp.sum(weight * y)
    return jnp.log(positive / (jnp.sum(weight) - positive))


def _midway(gram: Array, c: Array, y: Array, weight: Array) -> Array:
    """Return the offset that puts the boundary halfway between the two means."""
    return -jnp.sum(sides(y, weight) @ (gram @ c / _root(weight))) / 2


def _root(weight: Array) -> Array:
    """Return the root of each weight, and 1 for a row that is left out."""
    return jnp.where(weight > 0, jnp.sqrt(weight), 1)


CLASSIFIERS: dict[str, Callable[..., Any]] = {"ridge": ridge, "logistic": logistic, "mean": mean}
