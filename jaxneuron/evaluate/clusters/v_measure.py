"""V-measure: how far does the cluster give away the label, and the label the cluster?

Rosenberg and Hirschberg 2007, "V-measure: a conditional entropy-based external cluster evaluation measure". The same
numbers as scikit-learn's.

Cost:
    None: counts of pairs.

Fails:
    Many small clusters are homogeneous by chance: the measure is not corrected for it.

Peers:
    scikit-learn's homogeneity_completeness_v_measure, with the same numbers.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from jaxneuron.evaluate.clusters._cells import cells


class VMeasure(NamedTuple):
    """Shares of an entropy, 0 to 1."""

    homogeneity: float  # 1 where each cluster has one label
    completeness: float  # 1 where each label is in one cluster
    v: float  # their weighted harmonic mean


def v_measure(clusters: Shaped[Any, "_item"], labels: Shaped[Any, "_item"], *, beta: float = 1.0) -> VMeasure:
    """Return the shares of entropy that clusters and labels explain of each other.

    `homogeneity = 1 - H(label | cluster) / H(label)`, completeness the same the other way round, and
    `v = (1 + beta) h c / (beta h + c)`.

    Args:
        clusters: of each item.
        labels: of each item.
        beta: above 1 completeness counts more, below 1 homogeneity; at least 0.

    Raises:
        TypeError: clusters or labels that are no whole numbers.
        ValueError: not one of each for every item, a number below 0, one cluster and one label only, or beta below 0.

    Source:
        Rosenberg and Hirschberg 2007.

    Example:
        >>> found = v_measure(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]))
        >>> round(found.homogeneity, 6), round(found.completeness, 3)
        (1.0, 0.667)
    """
    if not 0 <= beta < np.inf:
        raise ValueError(f"expected beta of 0 or more, got {beta}")
    found = cells(clusters, labels)
    items = found.count.sum()
    shared = sum(
        -float(np.sum(part * np.log(part))) * sign
        for part, sign in ((found.clusters / items, 1), (found.labels / items, 1), (found.count / items, -1))
    )
    homogeneity, completeness = (
        min(1.0, max(0.0, shared / whole)) if whole > 0 else 1.0
        for whole in (-float(np.sum(p * np.log(p))) for p in (found.labels / items, found.clusters / items))
    )
    below = beta * homogeneity + completeness
    v = (1 + beta) * homogeneity * completeness / below if below else 0.0
    return VMeasure(homogeneity, completeness, v)
