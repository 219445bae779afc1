"""Order units by a score; the only place that builds a `Ranking`."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.types import Ranking


def ranked(score: Float[Any, "*label unit"]) -> Ranking:
    """Return the units from the highest score to the lowest; equal scores keep the order of their index.

    A score that is not a number comes last.

    Raises:
        ValueError: scores in float64 on the host that float32, in which they are returned, does not tell apart.

    Example:
        >>> ranked(jnp.array([0.1, 0.9, 0.9])).order.tolist()
        [1, 2, 0]
    """
    if isinstance(score, np.ndarray):
        score = _held(score)
    return Ranking(score, jnp.argsort(-score, axis=-1, stable=True))


def _held(score: Float[np.ndarray, "*label unit"]) -> Float[Array, "*label unit"]:
    """Return scores as float32, or raise a ValueError if they are all too large or too small for it."""
    most, limits = float(np.abs(score[np.isfinite(score)]).max(initial=0)), np.finfo(np.float32)
    if most > float(limits.max) or 0 < most < float(limits.tiny):
        raise ValueError(
            f"the scores go up to {most:g}, which is out of the range of float32, {limits.tiny:g} to {limits.max:g}; "
            "divide the activations by their scale"
        )
    return jnp.asarray(score, jnp.float32)


def overall(ranking: Ranking) -> Ranking:
    """Return one ranking for all labels: by the mean of a unit's scores for them.

    For `rank.probeless` this is the order of NeuroX and of Antverg and Belinkov 2022: a sum over all pairs of classes.

    Example:
        >>> overall(ranked(jnp.array([[1.0, 0.0], [0.0, 3.0]]))).order.tolist()
        [1, 0]
    """
    return ranked(jnp.mean(ranking.score.reshape(-1, ranking.score.shape[-1]), axis=0))
