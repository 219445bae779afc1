"""Concept activation vectors: the directions that tell a concept's activations from others, one or hundreds at once.

A classifier here is one small function `(x[row unit], y[row], weight[row], l2) -> (direction[unit], bias)`; many at
once are `vmap`. Whatever doesn't depend on the labels (the Gram matrix and its inverse) is then computed once for all
of them. Rows of weight 0 are left out. Where there are fewer rows than units, the work is in `_cav_rows`.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.concepts import _cav_rows, _newton

Classifier = Literal["ridge", "logistic", "mean"]


def mean(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return the difference of the two means; `l2` has no effect (FastCAV: Schmalwasser et al. 2025, 2505.17883)."""
    one, other = _cav_rows.sides(y, weight) @ x
    direction = one - other
    return direction, -direction @ (one + other) / 2


def ridge(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return `(X'X + l) ^ -1 X'y` of centred rows and labels of -1 and 1: linear in the labels."""
    scaled, centre, penalty = _scaled(x, weight, l2)
    if len(x) < x.shape[1]:
        c, offset = _cav_rows.ridge(scaled @ scaled.T, y, weight, penalty)
        return _moved(c @ scaled, offset, centre)
    signs = jnp.sqrt(weight) * _cav_rows.signs(y, weight)
    direction = _cav_rows.solved(scaled.T @ scaled, penalty, signs @ scaled)
    return direction, -jnp.sum(_cav_rows.sides(y, weight) @ (x @ direction)) / 2


def logistic(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return the minimum of `sum of weight * log loss + l/2 |direction|^2`."""
    scaled, centre, penalty = _scaled(x, weight, l2)
    if len(x) < x.shape[1]:
        c, offset = _cav_rows.logistic(scaled @ scaled.T, y, weight, penalty)
        return _moved(c @ scaled, offset, centre)
    centred, newton = x - centre, _newton.inverse(scaled.T @ scaled / 4, penalty)

    def descend(ahead: _newton.Point, wrong: Array) -> tuple[Array, Array, Array]:
        slope = (weight * wrong) @ centred + penalty * ahead.coefficient
        direction = ahead.coefficient - newton @ slope
        return direction, centred @ direction, slope

    def along(slope: Array, move: _newton.Point) -> Array:
        return slope @ move.coefficient

    found = _newton.minimum(descend, along, x.shape[1], y, weight)
    return _moved(found.coefficient, found.bias - _cav_rows.prior(y, weight), centre)


def mapped(one: Callable, many: Array, chunk: int) -> Any:
    """Apply a function to many labellings, `chunk` at a time."""
    return jax.vmap(one)(many) if chunk >= len(many) else jax.lax.map(one, many, batch_size=chunk)


def _scaled(x: Array, weight: Array, l2: Array) -> tuple[Array, Array, Array]:
    """Return centred rows times the root of their weight, the centre `[1 unit]`, and the penalty.

    The penalty is `l2` times the number of rows times the units' mean variance: one `l2` suits sites of any scale.
    """
    centre = (weight @ x / jnp.sum(weight))[None]
    scaled = jnp.sqrt(weight)[:, None] * (x - centre)
    return scaled, centre, _cav_rows.penalty(l2, jnp.sum(scaled**2), x.shape[1])


def _moved(direction: Array, offset: Array, centre: Array) -> tuple[Array, Array]:
    """Return the direction and the bias of rows as they are, not centred."""
    return direction, offset - direction @ centre[0]


CLASSIFIERS: dict[Classifier, Callable] = {"ridge": ridge, "logistic": logistic, "mean": mean}
