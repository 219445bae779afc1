"""Logistic regression by Newton's method with a fixed Hessian, for hundreds of problems in step.

Böhning and Lindsay 1988 ("Monotonicity of quadratic-approximation algorithms", AISM 40): p(1 - p) <= 1/4, so that
`X'X/4` bounds every Hessian, is inverted once, and serves all problems that share their rows. With momentum that
restarts (O'Donoghue and Candès 2015, arXiv:1204.3982).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

STEPS, TOLERANCE = 500, 1e-5
"""Most steps, and the relative change of the coefficients at which it stops; f32 gets no further than some 1e-6."""


class Point(NamedTuple):
    """Where the search is."""

    coefficient: Float[Array, "coefficient"]
    logit: Float[Array, "row"]  # linear in the coefficients: without the bias
    bias: Float[Array, ""]


def minimum(
    descend: Callable[[Point, Array], tuple[Array, Array, Array]],
    along: Callable[[Array, Point], Array],
    coefficients: int,
    y: Float[Array, "row"],
    weight: Float[Array, "row"],
) -> Point:
    """Return where `sum of weight * log loss + penalty` is least.

    Args:
        descend: from a point and `probability - y` there to the coefficients after a step, their logits, and the slope.
        along: from a slope and a move to how much the loss rises along it, but for the bias.
        coefficients: how many.
        y: 0 or 1.
        weight: how much each row counts.
    """

    def step(state: tuple) -> tuple:
        last, ahead, pace, count, _ = state
        wrong = jax.nn.sigmoid(ahead.logit + ahead.bias) - y
        bias_slope = jnp.sum(weight * wrong)
        coefficient, logit, slope = descend(ahead, wrong)
        new = Point(coefficient, logit, ahead.bias - 4 * bias_slope / jnp.sum(weight))
        move = jax.tree.map(jnp.subtract, new, last)
        uphill = along(slope, move) + bias_slope * move.bias > 0
        next_pace = jnp.where(uphill, 1.0, (1 + jnp.sqrt(1 + 4 * pace**2)) / 2)
        momentum = jnp.where(uphill, 0.0, (pace - 1) / next_pace)
        largest = jnp.maximum(jnp.max(jnp.abs(coefficient)), jnp.finfo(y.dtype).tiny)
        change = jnp.max(jnp.abs(coefficient - ahead.coefficient)) / largest
        return new, jax.tree.map(lambda now, by: now + momentum * by, new, move), next_pace, count + 1, change

    one = jnp.ones((), y.dtype)
    start = Point(jnp.zeros(coefficients, y.dtype), jnp.zeros_like(y), 0 * one)
    state = (start, start, one, 0, one + jnp.inf)
    return jax.lax.while_loop(lambda s: (s[3] < STEPS) & (s[4] > TOLERANCE), step, state)[0]


def inverse(gram: Float[Array, "coefficient coefficient"], penalty: Array) -> Float[Array, "coefficient coefficient"]:
    """Return `(gram + penalty) ^ -1`."""
    same = jnp.eye(len(gram), dtype=gram.dtype)
    lower = jnp.linalg.cholesky(gram + penalty * same)
    root = jax.scipy.linalg.solve_triangular(lower, same, lower=True)
    return root.T @ root
