"""Weighted lasso by coordinate descent, for all rows of an input at once; equal to scikit-learn's."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class LinearModel(NamedTuple):
    """A fitted linear model."""

    weights: Float[Array, "player"]
    intercept: Float[Array, ""]
    fit: Float[Array, ""]  # weighted R squared: 1 is perfect, 0 no better than the mean


def lasso(
    z: Float[Array, "sample player"],
    score: Float[Array, "sample"],
    weight: Float[Array, "sample"],
    strength: float | Float[Array, ""],
    tolerance: float = 1e-6,
    sweeps: int = 2000,
) -> LinearModel:
    """Minimise  1/2 sum of weight (score - b - z . a)^2 / sum of weight + strength * |a|_1.

    Args:
        z: features.
        score: what to predict.
        weight: of each sample.
        strength: of the penalty, scikit-learn's `alpha`.
        tolerance: stops when no weight changes by more than this share of the largest.
        sweeps: passes over the players at most.
    """
    share = weight / jnp.sum(weight)
    centre, mean = share @ z, share @ score
    z, score = z - centre[None], score - mean
    gram, pull = (z * share[:, None]).T @ z, (z * share[:, None]).T @ score

    def step(j: Array, a: Array) -> Array:
        # the best weight of j, the others held: soft threshold of what is left for it
        left = pull[j] - gram[j] @ a + gram[j, j] * a[j]
        best = jnp.sign(left) * jnp.maximum(jnp.abs(left) - strength, 0) / jnp.where(gram[j, j] > 0, gram[j, j], 1)
        return a.at[j].set(jnp.where(gram[j, j] > 0, best, 0))

    def moving(state: tuple[Array, Array, Array]) -> Array:
        a, before, sweep = state
        return (jnp.max(jnp.abs(a - before)) > tolerance * jnp.max(jnp.abs(a))) & (sweep < sweeps)

    def descend(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        a, _, sweep = state
        return jax.lax.fori_loop(0, len(a), step, a), a, sweep + 1

    none = jnp.zeros_like(pull)
    a, _, _ = jax.lax.while_loop(moving, descend, descend((none, none, jnp.zeros((), int))))
    spread = share @ score**2
    fit = 1 - share @ (score - z @ a) ** 2 / jnp.where(spread > 0, spread, 1)
    return LinearModel(a, mean - centre @ a, fit)
