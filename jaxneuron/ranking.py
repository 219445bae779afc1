"""Order units by a score; the only place that builds a `Ranking`."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.types import Ranking


def ranked(score: Float[Array, "*label unit"]) -> Ranking:
    """Return the units from the highest score to the lowest; equal scores keep the order of their index.

    A score that is not a number comes last.

    Example:
        >>> ranked(jnp.array([0.1, 0.9, 0.9])).order.tolist()
        [1, 2, 0]
    """
    return Ranking(score, jnp.argsort(-score, axis=-1, stable=True))
