"""Derivatives that several methods take: of a score by its input, and by what is added at a site on the way."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jaxtyping import Array, Float, PyTree


def once(f: Callable) -> Callable:
    """Return `f` such that its Python runs once per shape, however many derivatives are taken of it.

    Weights that are no arguments of `f` but constants in it are hidden from the compiler's simplification: of a product
    with many equal ones it makes a sum, and of hundreds of those in a loop a wrong one.
    """

    @jax.jit
    def run(*inputs: Any) -> Any:
        leaves, tree = jax.tree.flatten(inputs)
        program, shape = jax.make_jaxpr(lambda *leaves: f(*tree.unflatten(leaves)), return_shape=True)(*leaves)
        if program.consts:
            program = ClosedJaxpr(program.jaxpr, jax.lax.optimization_barrier(program.consts))
        return jax.tree.structure(shape).unflatten(jaxpr_as_fun(program)(*leaves))

    return run


def gradient(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]], x: Float[Array, "batch *feature"]
) -> Float[Array, "batch *feature"]:
    """Return `d f(x)[row] / d x[row]` for every row; rows do not see each other."""
    score, pull = jax.vjp(f, x)
    return pull(jnp.ones_like(score))[0]


class Linearised(NamedTuple):
    """A joint map at one point: its value, and every first derivative there, of one forward pass."""

    value: PyTree  # at the site
    effect: PyTree  # the derivative of the score by what is added at the site, shaped like its value
    flow: Callable[[Float[Array, "batch *feature"]], PyTree]  # how the value changes when `x` moves in a direction
    pull: Callable[[PyTree], Float[Array, "batch *feature"]]  # the gradient by `x` of a weighted sum of the value


def linear(
    through: Callable[..., tuple[Float[Array, "batch"], PyTree]], x: Float[Array, "batch *feature"]
) -> Linearised:
    """Return `(x, amount) -> (score, value)` and its derivatives where the amount is 0."""
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(through, x)[1])
    (score, value), forward = jax.linearize(through, x, nothing)
    backward = jax.linear_transpose(forward, x, nothing)
    return Linearised(
        value,
        effect=backward((jnp.ones_like(score), nothing))[1],
        flow=lambda direction: forward(direction, nothing)[1],
        pull=lambda weights: backward((jnp.zeros_like(score), weights))[0],
    )
