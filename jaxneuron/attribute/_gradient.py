"""Derivatives that several methods take: of a score by its input, and by what is added at a site on the way."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree


def once(f: Callable) -> Callable:
    """Return `f` such that its Python runs once per shape, however many derivatives are taken of it."""
    return jax.jit(lambda *inputs: f(*inputs))


def gradient(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]], x: Float[Array, "batch *feature"]
) -> Float[Array, "batch *feature"]:
    """Return `d f(x)[row] / d x[row]` for every row; rows do not see each other."""
    score, pull = jax.vjp(f, x)
    return pull(jnp.ones_like(score))[0]


def effect(through: Callable[..., tuple[Float[Array, "batch"], Any]], x: Float[Array, "batch *feature"]) -> PyTree:
    """Return the derivative of the score by what is added at the site, shaped like the site's value."""
    value = jax.eval_shape(lambda x: through(x)[1], x)
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), value)
    score, pull = jax.vjp(lambda amount: through(x, amount)[0], nothing)
    return pull(jnp.ones_like(score))[0]


def flow(
    through: Callable[..., tuple[Float[Array, "batch"], Any]],
    x: Float[Array, "batch *feature"],
    direction: Float[Array, "batch *feature"],
) -> PyTree:
    """Return how the site's value changes when `x` moves in a direction."""
    return jax.jvp(lambda x: through(x)[1], (x,), (direction,))[1]
