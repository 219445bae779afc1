"""Is it more than chance? Two methods on the same targets, two samples, and many tests at once.

Poerner, Roth, Schütze 2018, "Interpretable Textual Neuron Representations for NLP" (arXiv:1809.07291) compare methods
by a paired t-test over neurons. We add the effect size d_z, which unlike p does not grow with the number of targets,
and the gain in standard deviations, which makes units of different scale (and of negative activation) comparable.

A table of tests over sites and concepts finds something by luck alone: one in twenty at the 5 % level. Holm 1979 ("A
simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6) bounds the chance of any
false find, Benjamini and Hochberg 1995 ("Controlling the false discovery rate", JRSS B 57) the share of false ones
among the finds. Kim et al. 2018 (arXiv:1711.11279) ask for a correction in TCAV; the libraries have none.

Cost:
    None.

Fails:
    Units of one model are not independent of each other, nor are runs that share examples: a paired test over them says
    too much. Many tests find something: correct them.

Peers:
    scipy's ttest_rel and statsmodels' multipletests, with the same numbers.
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float
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


class Corrected(NamedTuple):
    """P-values of one family of tests, each to be compared with the level; nan where a test was nan."""

    holm: Float[np.ndarray, "*test"]  # below the level: false finds of any kind are that rare
    benjamini_hochberg: Float[np.ndarray, "*test"]  # below the level: no more than that share of the finds are false


def corrected(p: Float[Any, "*test"]) -> Corrected:
    """Correct the p-values of a whole table at once.

    With the k-th smallest of n: `holm = max over j <= k of (n - j + 1) p_j`, and
    `benjamini_hochberg = min over j >= k of n p_j / j`, both at most 1. Holm's holds under any dependence of the
    tests, Benjamini and Hochberg's where they are independent or rise together. A nan (a test that could not be made)
    stays nan and doesn't count.

    Args:
        p: p-values between 0 and 1, of any shape: all of them are one family.

    Raises:
        ValueError: a number that is no p-value.

    Example:
        >>> found = corrected(np.array([0.01, 0.04, 0.03]))
        >>> found.holm.tolist(), found.benjamini_hochberg.tolist()
        ([0.03, 0.06, 0.06], [0.03, 0.04, 0.04])
    """
    p = np.asarray(p, np.float64)
    tested = ~np.isnan(p)
    if np.any((p[tested] < 0) | (p[tested] > 1)):
        raise ValueError(f"expected p-values between 0 and 1, got {np.nanmin(p)} to {np.nanmax(p)}")
    flat, n = p[tested], int(tested.sum())
    holm, hochberg = (np.full(p.shape, np.nan) for _ in range(2))
    if n:
        order = np.argsort(flat)
        stepped = np.maximum.accumulate((n - np.arange(n)) * flat[order])
        holm[tested] = np.minimum(stepped, 1)[np.argsort(order)]
        hochberg[tested] = stats.false_discovery_control(flat, method="bh")
    return Corrected(holm, hochberg)


def difference(
    key: Array,
    a: Float[Any, "run"],
    b: Float[Any, "other"],
    *,
    permutations: int = 9999,
) -> float:
    """Return the two-sided p-value of a difference in means, by permutation.

    Runs must be independent of each other. TCAV scores of one concept against many random sets are not: they share the
    concept's examples, and so do the two ends of one concept vector, of which one score is 1 less the other. There the
    usual t-test over runs finds random concepts; `concepts.tcav` tests by permuting the examples instead.

    Args:
        key: for the permutations, where there are too many to try all.
        a: one group's results.
        b: the other's.
        permutations: how many to try.

    Raises:
        ValueError: a group of fewer than two.

    Example:
        >>> difference(jax.random.key(0), np.array([3.0, 4, 5, 6]), np.array([0.0, 1, 2, 2.5]))  # 2 of 70 ways
        0.02857142857142857
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if min(len(a), len(b)) < 2:
        raise ValueError(f"expected two or more results on each side, got {len(a)} and {len(b)}")
    seed: dict[str, Any] = {"random_state": np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())}

    def statistic(x: Any, y: Any, axis: int) -> Any:
        return np.mean(x, axis=axis) - np.mean(y, axis=axis)

    test = stats.permutation_test((a, b), statistic, n_resamples=permutations, vectorized=True, **seed)
    return float(test.pvalue)
