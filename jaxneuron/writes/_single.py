"""One unit of a site held at a value, as a change of which a program can be told that it is of one unit."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron.edits import Clamp


def change(unit: Array, value: Array, width: int) -> tuple[Bool[Array, "unit"], Float[Array, "unit"]]:
    """Return which unit is held, and the value at its place: vectors for `jaxpr.resume`, with `few=1`."""
    here = jnp.arange(width) == unit
    return here, jnp.where(here, value, 0)


def edit(here: Bool[Array, "unit"], value: Float[Array, "unit"]) -> Clamp:
    """Return the edit that holds it."""
    return Clamp(jnp.where(here, value, -jnp.inf), jnp.where(here, value, jnp.inf))
