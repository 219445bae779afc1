"""What does each feature contribute, to first order? Its value times the gradient.

Shrikumar et al. 2016 (Not Just a Black Box, arXiv 1605.01713). Without biases, on rectifiers, it is complete.

Cost:
    One forward and one backward: three passes; all sites in the same (`layers`).

Fails:
    Saturated units have no slope where they matter most; a value of 0 gets nothing, whatever it does. Its sum is the
    score only for rectifiers without biases.

Peers:
    Captum's InputXGradient, with the same numbers.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from jaxneuron.attribute._check import check_score, check_value
from jaxneuron.attribute._gradient import gradient, linear, once
from jaxneuron.split import traceable


def attribute(
    f: Callable[[Float[Array, "batch *feature"]], Float[Array, "batch"]], x: Float[Any, "batch *feature"]
) -> Float[Array, "batch *feature"]:
    """Return `x df/dx`.

    Args:
        f: from values to one score per row.
        x: the values.

    Returns:
        In the score's unit, shaped like `x`.

    Raises:
        ValueError: `x` is not of real, finite numbers, or `f` does not score rows.

    Source:
        arXiv 1605.01713, section 2.

    Example:
        >>> attribute(lambda x: x[:, 0] * x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
        [[6.0, 6.0]]
    """
    return _attribute(traceable(f), check_value(x))


@jax.jit
def _attribute(f: Any, x: Array) -> Array:
    f = once(f)
    check_score(f, x)
    return x * gradient(f, x)


def layers(through: Callable[..., tuple[Float[Array, "batch"], PyTree]], x: Float[Any, "batch *feature"]) -> PyTree:
    """Return value times gradient at all sites of a joint map, from one forward and one backward pass.

    Args:
        through: the joint map of one site or many (`split.through`).
        x: the value at its source.

    Returns:
        In the score's unit, shaped like the value at the site; a dict where there are many.

    Raises:
        ValueError: `x` is not of real, finite numbers.
    """
    return _layers(traceable(through), check_value(x))


@jax.jit
def _layers(through: Any, x: Array) -> PyTree:
    at = linear(once(through), x)
    return jax.tree.map(jnp.multiply, at.value, at.effect)
