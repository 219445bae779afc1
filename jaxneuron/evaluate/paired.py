"""Does one method beat another on the same targets, and by how much?

Poerner, Roth, Schütze 2018, "Interpretable Textual Neuron Representations for NLP" (arXiv:1809.07291) compare methods
by a paired t-test over neurons. We add the effect size d_z, which unlike p does not grow with the number of targets,
and the gain in standard deviations, which makes units of different scale (and of negative activation) comparable.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats


class Paired(NamedTuple):
    """How `a` differs from `b` on the same targets; t, p and d_z are nan where undefined."""

    mean_difference: float  # mean of a - b; nan without a pair
    t: float  # of the paired t-test, n - 1 degrees of freedom; positive where a is larger
    p: float  # two-sided
    d_z: float  # mean difference / standard deviation of the differences (ddof 1)
    n: int  # pairs that count
    left_out: int  # pairs that don't, because one side is nan or infinite


def paired(a: Float[Any, "target"], b: Float[Any, "target"]) -> Paired:
    """Test whether `a` exceeds `b`, target by target.

    `d = a - b; d_z = mean(d) / sd(d); t = d_z * sqrt(n)`. With fewer than two pairs, or where all differences are
    equal up to rounding (identical methods, for one), t, p and d_z are nan. Pairs that are not finite on both
    sides are left out and counted.

    Args:
        a: scores of one method.
        b: scores of the other, same targets in the same order.

    Returns:
        Plain numbers.

    Raises:
        ValueError: the two are no vectors of one length.

    Example:
        >>> result = paired(np.array([2.0, 3.0, 5.0]), np.array([1.0, 1.0, 2.0]))
        >>> result.mean_difference, result.d_z, result.n
        (2.0, 2.0, 3)
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"expected two vectors with one score per target, in the same order; got shapes {a.shape} and {b.shape}"
        )
    rounding = 32 * max((np.finfo(x.dtype).eps for x in (a, b) if np.issubdtype(x.dtype, np.floating)), default=0.0)
    a, b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    n, left_out = len(a), int(np.sum(~finite))
    if n < 2:
        return Paired(float(a[0] - b[0]) if n else np.nan, np.nan, np.nan, np.nan, n, left_out)
    difference = a - b
    mean, spread = float(difference.mean()), float(difference.std(ddof=1))
    if spread <= rounding * max(np.abs(a).max(), np.abs(b).max()):
        return Paired(mean, np.nan, np.nan, np.nan, n, left_out)
    test = stats.ttest_rel(a, b)
    return Paired(mean, float(test.statistic), float(test.pvalue), mean / spread, n, left_out)


def gain(
    score: Float[Any, "target"], baseline: Float[Any, "target"], spread: Float[Any, "target"]
) -> Float[np.ndarray, "target"]:
    """Express how far `score` exceeds `baseline` in standard deviations of the unit's activation.

    `(score - baseline) / spread`. Ratios of activations mean nothing where corpus search scores below zero, as it
    does for the logits of rare words; the gain is defined for every unit that varies.

    Args:
        score: activation that a method reached.
        baseline: activation that corpus search reached.
        spread: standard deviation of the unit's activation over the n-grams of the corpus, at least 0.

    Returns:
        Standard deviations, nan where the spread is 0 (a dead unit).

    Raises:
        ValueError: the shapes differ, or a spread is negative.

    Example:
        >>> gain(np.array([3.0, 1.0]), np.array([1.0, 1.0]), np.array([0.5, 0.0])).tolist()
        [4.0, nan]
    """
    score, baseline, spread = (np.asarray(x, np.float64) for x in (score, baseline, spread))
    if not score.shape == baseline.shape == spread.shape:
        raise ValueError(
            "expected score, baseline and spread with one number per target; "
            f"got shapes {score.shape}, {baseline.shape} and {spread.shape}"
        )
    if np.any(spread < 0):
        raise ValueError(
            f"expected standard deviations over the corpus n-grams, which are at least 0; got {np.nanmin(spread)}"
        )
    return np.divide(score - baseline, spread, out=np.full(score.shape, np.nan), where=spread > 0)
