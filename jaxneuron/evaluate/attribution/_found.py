"""What a method returned, as an array; and whether what its input is moved by moves it."""

from typing import Any

import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from jaxneuron.types import Path


def array(found: Any) -> Array:
    """Return the attribution, of a path result or as it is."""
    value: Any = found.attribution if isinstance(found, Path) else found
    return jnp.asarray(value)


def check_noise(x: Float[Array, "batch *feature"], amount: Any, name: str) -> None:
    """Raise a ValueError if an amount is lost in the rounding of every entry that it is added to."""
    amount = jnp.asarray(amount, x.dtype)
    if isinstance(x, Tracer) or isinstance(amount, Tracer):
        return
    if bool(jnp.any(amount > 0)) and bool(jnp.all((x + amount == x) | (amount <= 0))):
        raise ValueError(
            f"the {name} {float(jnp.max(amount)):g} is lost beside inputs up to {float(jnp.max(jnp.abs(x))):g} in "
            f"{x.dtype}; give one in the unit of the input"
        )
