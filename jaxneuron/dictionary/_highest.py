"""Which values of each row are the k highest: what a TopK dictionary asks at every token."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

GROUPS = 8
"""Values whose highest stands for them in a first choice."""


def highest(values: Float[Array, "*batch feature"], k: int) -> Bool[Array, "*batch feature"]:
    """Return which of the values are the k highest of their row, of equal ones any; nothing flows back through it.

    Args:
        values: no NaN.
        k: 1 to the number of features.

    Example:
        >>> highest(jnp.array([[3.0, 1.0, 2.0]]), 2).tolist()
        [[True, False, True]]
    """
    found = jnp.zeros(values.shape, bool)
    return jnp.put_along_axis(found, places(values, k), True, axis=-1, inplace=False, mode="drop")


def places(values: Float[Array, "*batch feature"], k: int) -> Int[Array, "*batch k"]:
    """Return where the k highest values of each row are, in no order; nothing flows back through it.

    The k highest are among the groups with the k highest maxima, so that most values are compared once only.

    Args:
        values: no NaN.
        k: 1 to the number of features.
    """
    values = jax.lax.stop_gradient(values)
    features = values.shape[-1]
    groups = -(-features // GROUPS)
    if groups <= 2 * k:
        return jax.lax.top_k(values, k)[1]
    fill = groups * GROUPS - features
    spread = jnp.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, fill)], constant_values=-jnp.inf)
    spread = spread.reshape(*values.shape[:-1], GROUPS, groups)
    chosen = jax.lax.top_k(spread.max(axis=-2), k)[1]
    few = jnp.take_along_axis(spread, chosen[..., None, :], axis=-1)
    best = jax.lax.top_k(few.reshape(*values.shape[:-1], GROUPS * k), k)[1]
    return best // k * groups + jnp.take_along_axis(chosen, best % k, axis=-1)
