"""Which of many results are more than chance? Two samples compared by permutation, and p-values corrected together.

A table of tests over sites and concepts finds something by luck alone: one in twenty at the 5 % level. Holm 1979 ("A
simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6) bounds the chance of any
false find, Benjamini and Hochberg 1995 ("Controlling the false discovery rate", JRSS B 57) the share of false ones
among the finds. Kim et al. 2018 (arXiv:1711.11279) ask for a correction in TCAV; the libraries have none.
"""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float
from scipy import stats


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
