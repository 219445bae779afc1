"""Do the parts sum to the whole? How far an attribution is from sharing out exactly what the baseline costs.

Sundararajan, Taly, Yan 2017, "Axiomatic attribution for deep networks" (arXiv:1703.01365). Path methods report it
themselves (`types.Path.error`); this is the same for any attribution.

Cost:
    Two evaluations of `f`.

Fails:
    A sum may be right while all its parts are wrong.

Peers:
    Captum's convergence delta, for path methods only.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from jaxneuron import _numbers


class Completeness(NamedTuple):
    """How far the sum is from the difference, row by row."""

    error: Float[np.ndarray, "batch"]  # sum of the attribution - (f(x) - f(baseline))
    relative: Float[np.ndarray, "batch"]  # |error| / |f(x) - f(baseline)|; nan where the score doesn't change


def completeness(
    f: Callable[..., Float[Any, "batch"]],
    x: Float[Any, "batch *feature"],
    attribution: Float[Any, "batch *_feature"],
    baseline: Any = 0.0,
) -> Completeness:
    """Compare the sum of an attribution with the change of the score from the baseline to the input.

    Args:
        f: the score.
        x: the input.
        attribution: of the input, or summed to some of its axes, or of a layer between input and score.
        baseline: broadcasts to `x`.

    Raises:
        ValueError: not a row per row of the input.

    Example:
        >>> completeness(lambda x: jnp.sum(x, axis=-1), jnp.ones((1, 2)), np.full((1, 2), 1.5)).error.tolist()
        [1.0]
    """
    x, baseline = _numbers.together(_numbers.array(x, "x"), baseline, "baseline")
    attribution = np.asarray(attribution, np.float64)
    if attribution.shape[:1] != x.shape[:1]:
        raise ValueError(f"expected an attribution of {x.shape[0]} rows, got the shape {attribution.shape}")
    baseline = jnp.broadcast_to(baseline.reshape((1,) * (x.ndim - baseline.ndim) + baseline.shape), x.shape)
    change = np.asarray(f(x), np.float64) - np.asarray(f(baseline), np.float64)
    error = attribution.reshape(len(x), -1).sum(axis=1) - change
    size = np.abs(change)
    return Completeness(error, np.divide(np.abs(error), size, out=np.full(size.shape, np.nan), where=size > 0))
