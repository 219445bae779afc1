"""What a set of rules must say, and two formulas that several sets share."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Carried = Any
"""What a rule set carries in the place of a value: its own NamedTuple of arrays, the first shaped like the value."""


class Dense(Protocol):
    """The rule for a product with weights, plus a bias."""

    def __call__(
        self, product: Callable[[Array, Array], Array], carried: Carried, weights: Array, bias: Any, layer: int
    ) -> Carried:
        """Return what is carried of `product(value, weights) + bias`; `layer` counts such products from the input."""
        ...


class Rules(NamedTuple):
    """One function per kind of operation. Each returns what is carried on, or an array to carry nothing on.

    `function` is the operation itself, from values to a value, with all that does not depend on the input put in.
    """

    carried: type  # the NamedTuple that is carried
    constant: Callable[[Array], Carried]  # a value that does not depend on the input, where a loop may bring another
    linear: Callable[..., Carried]  # (function, *carried): affine in all its arguments together
    entrywise: Callable[[Callable[[Array], Array], Carried, str], Carried]  # the primitive's name is the last argument
    product: Callable[..., Carried]  # (function, a, b, gates): linear in each; which of the two is a gate in [0, 1]
    quotient: Callable[[Carried, Carried], Carried]  # numerator, denominator
    greatest: Callable[..., Carried]  # (function, *carried): the largest of its arguments, or along axes of one
    softmax: Callable[[Callable[[Array], Array], Carried, str, tuple[int, ...]], Carried]  # (function, carried, kind,
    # axes): the kind is softmax, log_softmax or logsumexp (with its axes kept)
    dense: Dense | None = None  # None: linear


def slope(
    function: Callable[[Array], Array], value: Array, other: Array, eps: float | Float[Array, ""]
) -> tuple[Array, Array, Array]:
    """Return `(function(value) - function(other)) / (value - other)`, or the derivative where that is 0 / 0.

    Args:
        function: entry by entry.
        value: where to look from.
        other: where to look to.
        eps: differences below this share of the values, or which change the function by less than this share of
            its own values, count as none: they are rounding.

    Returns:
        The slope, and the function at `value` and at `other`.

    Example:
        >>> slope(jnp.square, jnp.array([3.0, 2.0]), jnp.array([1.0, 2.0]), 1e-6)[0].tolist()
        [4.0, 4.0]
    """
    value, other = jax.lax.stop_gradient((value, other))
    here, derivative = jax.jvp(function, (value,), (jnp.ones_like(value),))
    there = function(other)
    apart = jnp.where(value == other, 0, value - other)  # not NaN where both are infinite
    largest = jnp.maximum(jnp.abs(here), jnp.abs(there))
    rounding = (jnp.abs(here - there) < eps * largest) & (jnp.abs(derivative * apart) < eps * largest)
    close = (apart == 0) | (jnp.abs(apart) < eps * jnp.maximum(jnp.abs(value), jnp.abs(other))) | rounding
    secant = jnp.where(here == there, 0, here - there) / jnp.where(close, 1, apart)
    return jnp.where(close, jnp.where(jnp.isfinite(derivative), derivative, 0), secant), here, there


def linearised(value: Array, multiplier: Array, source: Array) -> Array:
    """Return `value`, whose gradient with respect to `source` is `multiplier` entry by entry, and no other.

    Example:
        >>> float(jax.grad(lambda x: linearised(jnp.tanh(x), jnp.float32(5), x))(1.0))
        5.0
    """
    value, multiplier = jax.lax.stop_gradient(value), jax.lax.stop_gradient(multiplier)
    moved = jnp.where(jnp.isfinite(source), source - jax.lax.stop_gradient(source), 0)
    return value + multiplier * moved
