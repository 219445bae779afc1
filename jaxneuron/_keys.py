"""A random key, told from what is none."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def checked(key: Any) -> Array:
    """Return the key.

    Raises:
        TypeError: it is no key of JAX.

    Example:
        >>> checked(jax.random.key(0)).shape
        ()
    """
    kind = getattr(key, "dtype", None)
    if kind is not None:
        if jax.numpy.issubdtype(kind, jax.dtypes.prng_key) and key.shape == ():
            return key
        if kind == jnp.uint32 and key.ndim == 1:  # what `jax.random.PRNGKey` makes
            return key
    raise TypeError(f"expected one random key, such as `jax.random.key(0)`, got {key!r:.80}")
