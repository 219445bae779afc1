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


def overall(ranking: Ranking) -> Ranking:
    """Return one ranking for all labels: by the mean of a unit's scores for them.

    For `rank.probeless` this is the order of NeuroX and of Antverg and Belinkov 2022: a sum over all pairs of classes.

    Example:
        >>> overall(ranked(jnp.array([[1.0, 0.0], [0.0, 3.0]]))).order.tolist()
        [1, 0]
    """
    return ranked(jnp.mean(ranking.score.reshape(-1, ranking.score.shape[-1]), axis=0))
