"""The interval of a share of independent cases."""

from typing import Any

import numpy as np

NORMAL = 1.96
"""Standard errors on each side of an interval of 95%, where errors are normal."""


def wilson(share: Any, count: Any, errors: float) -> tuple[Any, Any]:
    """Return the lower and the upper end, within 0 and 1, each shaped like the share.

    Args:
        share: of the cases, any number of shares.
        count: the cases of each, at least 1; no whole number where cases weigh differently.
        errors: standard errors on each side, 1.96 for 95%.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Example:
        >>> [round(float(one), 3) for one in wilson(0.0, 100, 1.96)]
        [0.0, 0.037]
    """
    share, square = np.asarray(share, np.float64), errors**2 / count
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)
