"""What a method returned, as an array."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from jaxneuron.types import Path


def array(found: Any) -> Array:
    """Return the attribution, of a path result or as it is."""
    value: Any = found.attribution if isinstance(found, Path) else found
    return jnp.asarray(value)
