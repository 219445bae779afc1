"""Derivatives that several methods take: of a score by its input, and by what is added at a site on the way."""

from collections.abc import Callable
from typing import NamedTuple

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


class Linear(NamedTuple):
    """A joint map at one point: its value, and every first derivative there, of one forward pass."""

    value: PyTree  # at the site
    effect: PyTree  # the derivative of the score by what is added at the site, shaped like its value
    flow: Callable[[Float[Array, "batch *feature"]], PyTree]  # how the value changes when `x` moves in a direction
    pull: Callable[[PyTree], Float[Array, "batch *feature"]]  # the gradient by `x` of a weighted sum of the value


def linear(through: Callable[..., tuple[Float[Array, "batch"], PyTree]], x: Float[Array, "batch *feature"]) -> Linear:
    """Return `(x, amount) -> (score, value)` and its derivatives where the amount is 0."""
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(through, x)[1])
    (score, value), forward = jax.linearize(through, x, nothing)
    backward = jax.linear_transpose(forward, x, nothing)
    return Linear(
        value,
        effect=backward((jnp.ones_like(score), nothing))[1],
        flow=lambda direction: forward(direction, nothing)[1],
        pull=lambda weights: backward((jnp.zeros_like(score), weights))[0],
    )
