"""Values that features have elsewhere: what stands in for them, in place of a number that never occurs."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Shaped


def elsewhere(
    key: Array, x: Shaped[Array, "batch *feature"], mask: Bool[Array, "batch time"] | None
) -> Shaped[Array, "batch *feature"]:
    """Return at each row the values of another row, or at each word those of another word.

    A random cycle through all of them: each is used once, and none keeps its own while there is another.

    Args:
        key: one key.
        x: values.
        mask: true where there is a word; None: rows are exchanged as a whole.

    Returns:
        Values; padding keeps its own.
    """
    flat = x if mask is None else x.reshape(-1, *x.shape[2:])
    real = jnp.ones(len(flat), bool) if mask is None else mask.ravel()
    # in random order, padding last: each takes the values of the next, the last of the first
    order = jnp.argsort(jnp.where(real, jax.random.uniform(key, real.shape, jnp.float32), jnp.inf))
    place, count = jnp.arange(len(flat)), jnp.sum(real)
    after = jnp.where(place < count, (place + 1) % jnp.maximum(count, 1), place)
    return flat.at[order].set(flat[order[after]]).reshape(x.shape)
