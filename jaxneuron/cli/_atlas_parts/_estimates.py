"""Figures with their intervals, by texts: words of a text are alike."""

from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron._wilson import NORMAL
from jaxneuron.report.atlas.unit import Estimate


def ratio(sums: Float[Any, "text"], counts: Float[Any, "text"]) -> Estimate:
    """Return a sum over texts as a share of a count, with the interval of a ratio of sums over texts drawn at random.

    Example:
        >>> ratio(np.ones(2), np.full(2, 2.0))
        Estimate(value=0.5, low=0.5, high=0.5)
    """
    sums, counts = np.asarray(sums, np.float64), np.asarray(counts, np.float64)
    value, texts = sums.sum() / counts.sum(), len(sums)
    if texts < 2:
        return Estimate(float(value))
    spread = np.square(sums - value * counts).sum() * texts / (texts - 1)
    error = NORMAL * np.sqrt(spread) / counts.sum()
    return Estimate(float(value), float(value - error), float(value + error))
