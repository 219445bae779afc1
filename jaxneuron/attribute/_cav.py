"""Concept activation vectors: the directions that tell a concept's activations from others, one or hundreds at once.

A classifier here is one small function `(x[row unit], y[row], weight[row], l2) -> (direction[unit], bias)`; many at
once are `vmap`. Whatever doesn't depend on the labels (the Gram matrix and its inverse) is then computed once for all
of them. Rows of weight 0 are left out.

`logistic` is Newton's method with a fixed Hessian (Böhning and Lindsay 1988, "Monotonicity of quadratic-approximation
algorithms", AISM 40) and momentum that restarts (O'Donoghue and Candès 2015, arXiv:1204.3982): p(1 - p) <= 1/4, so that
X'X/4 serves all problems, and a step of hundreds of them is one matrix product. Where there are fewer rows than units,
ridge and logistic regression are solved for one coefficient per row: the direction is a sum of rows.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Classifier = Literal["ridge", "logistic", "mean"]

STEPS, TOLERANCE = 500, 1e-5
"""Most steps of logistic regression, and the relative change at which it stops; f32 gets no further than some 1e-6."""


def mean(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return the difference of the two means; `l2` has no effect (FastCAV: Schmalwasser et al. 2025, 2505.17883)."""
    one, other = _means(x, y, weight)
    direction = one - other
    return direction, _midway(direction, one, other)


def ridge(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return `(X'X + l) ^ -1 X'y` of centred rows and labels of -1 and 1: linear in the labels."""
    centred, scaled, penalty = _scaled(x, weight, l2)
    signs = jnp.sqrt(weight) * (2 * y - 1 - jnp.sum(weight * (2 * y - 1)) / jnp.sum(weight))
    if x.shape[0] < x.shape[1]:
        direction = scaled.T @ _solved(scaled @ scaled.T, penalty, signs)
    else:
        direction = _solved(scaled.T @ scaled, penalty, scaled.T @ signs)
    return direction, _midway(direction, *_means(x, y, weight))


def logistic(
    x: Float[Array, "row unit"], y: Float[Array, "row"], weight: Float[Array, "row"], l2: Float[Array, ""]
) -> tuple[Float[Array, "unit"], Float[Array, ""]]:
    """Return the minimum of `sum of weight * log loss + l/2 |direction|^2`."""
    centred, scaled, penalty = _scaled(x, weight, l2)
    few, root = x.shape[0] < x.shape[1], jnp.sqrt(weight)
    gram = scaled @ scaled.T if few else scaled.T @ scaled
    newton = _solved(gram / 4, penalty, jnp.eye(len(gram), dtype=x.dtype))
    to_logits = centred @ scaled.T if few else centred  # [row, coefficient]

    def slope(c: Array, bias: Array) -> tuple[Array, Array]:
        wrong = jax.nn.sigmoid(to_logits @ c + bias) - y
        return (root * wrong if few else centred.T @ (weight * wrong)) + penalty * c, jnp.sum(weight * wrong)

    def step(state: tuple) -> tuple:
        c, bias, ahead, bias_ahead, pace, count, _ = state
        down, bias_down = slope(ahead, bias_ahead)
        new, new_bias = ahead - newton @ down, bias_ahead - 4 * bias_down / jnp.sum(weight)
        move = gram @ (new - c) if few else new - c
        uphill = down @ move + bias_down * (new_bias - bias) > 0
        next_pace = jnp.where(uphill, 1.0, (1 + jnp.sqrt(1 + 4 * pace**2)) / 2)
        momentum = jnp.where(uphill, 0.0, (pace - 1) / next_pace)
        change = jnp.max(jnp.abs(new - ahead)) / jnp.maximum(jnp.max(jnp.abs(new)), jnp.finfo(x.dtype).tiny)
        return (
            new,
            new_bias,
            new + momentum * (new - c),
            new_bias + momentum * (new_bias - bias),
            next_pace,
            count + 1,
            change,
        )

    zero, start = jnp.zeros(gram.shape[0], x.dtype), jnp.zeros((), x.dtype)
    state = (zero, start, zero, start, start + 1, 0, start + jnp.inf)
    c, bias, *_ = jax.lax.while_loop(lambda s: (s[5] < STEPS) & (s[6] > TOLERANCE), step, state)
    direction = scaled.T @ c if few else c
    centre = jnp.sum(weight[:, None] * x, axis=0) / jnp.sum(weight)
    positive = jnp.sum(weight * y)
    prior = jnp.log(positive / (jnp.sum(weight) - positive))
    return direction, bias - direction @ centre - prior


def mapped(one: Callable, many: Array, chunk: int) -> Any:
    """Apply a function to many labellings, `chunk` at a time."""
    return jax.vmap(one)(many) if chunk >= len(many) else jax.lax.map(one, many, batch_size=chunk)


def _scaled(x: Array, weight: Array, l2: Array) -> tuple[Array, Array, Array]:
    """Return centred rows, the same times the root of their weight, and the penalty.

    The penalty is `l2` times the number of rows times the units' mean variance: one `l2` suits sites of any scale.
    """
    centred = x - jnp.sum(weight[:, None] * x, axis=0, keepdims=True) / jnp.sum(weight)
    scaled = jnp.sqrt(weight)[:, None] * centred
    return centred, scaled, jnp.maximum(l2 * jnp.sum(scaled**2) / x.shape[1], 1e-30)


def _solved(gram: Array, penalty: Array, right: Array) -> Array:
    factor = jax.scipy.linalg.cho_factor(gram + penalty * jnp.eye(len(gram), dtype=gram.dtype))
    return jax.scipy.linalg.cho_solve(factor, right)


def _means(x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    share = jnp.stack([weight * y, weight * (1 - y)])
    one, other = share @ x / jnp.sum(share, axis=1, keepdims=True)
    return one, other


def _midway(direction: Array, one: Array, other: Array) -> Array:
    """Return the bias that puts the boundary halfway between the two means, however many rows each has."""
    return -direction @ (one + other) / 2


CLASSIFIERS: dict[Classifier, Callable] = {"ridge": ridge, "logistic": logistic, "mean": mean}
