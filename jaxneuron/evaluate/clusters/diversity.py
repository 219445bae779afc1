"""How many clusters are there, by their weight, and how sure is an item of its own?

Michael, Botha, Tenney 2020, "Asking without telling: exploring latent ontologies in contextual representations" (arXiv
2004.14513): one cluster that takes everything is no structure, and nor are memberships that say nothing.

Cost:
    None.

Fails:
    It says how many, not how good: any even split is diverse.

Peers:
    The authors' code (Michael et al. 2020).
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from jaxneuron.evaluate.clusters._cells import numbers


class Diversity(NamedTuple):
    """Numbers of clusters that would be as uncertain if all were equally likely; from 1 to how many there are."""

    diversity: float  # of a random item's cluster: 1 if one cluster takes all
    uncertainty: float  # of the cluster of one item, on average over items: 1 if each item is in one cluster


def diversity(memberships: Shaped[Any, "_item"] | Shaped[Any, "_item cluster"]) -> Diversity:
    """Return `exp H(mean over items of p)` and `exp(mean over items of H(p))`.

    Args:
        memberships: the cluster of each item, or how much it belongs to each cluster, at least 0; rows are divided by
            their sums.

    Raises:
        TypeError: no numbers.
        ValueError: no items, a membership that is below 0 or not finite, or an item that belongs to no cluster.

    Source:
        Michael et al. 2020.

    Example:
        >>> found = diversity(np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]]))
        >>> round(found.diversity, 6), round(found.uncertainty, 3)
        (4.0, 1.414)
    """
    given = np.asarray(memberships)
    if given.ndim == 1:
        sizes = np.bincount(np.unique(numbers("cluster", given), return_inverse=True)[1].reshape(-1))
        return Diversity(float(np.exp(_entropy(sizes / sizes.sum()))), 1.0)
    if given.ndim != 2 or not given.size or given.dtype.kind not in "biuf":
        raise ValueError(
            f"expected the cluster of each item, or memberships [item, cluster], got {given.dtype} {given.shape}"
        )
    rows = given.astype(np.float64)
    if not np.isfinite(rows).all() or rows.min() < 0:
        item = int(np.argwhere(~np.isfinite(rows) | (rows < 0))[0][0])
        raise ValueError(f"a membership of item {item} is below 0 or not finite; expected shares, such as a softmax")
    total = rows.sum(axis=1, keepdims=True)
    if not total.all():
        raise ValueError(f"item {int(np.argmin(total))} belongs to no cluster; leave such items out")
    rows = rows / total
    each = _entropy(rows).mean()
    return Diversity(float(np.exp(_entropy(rows.mean(axis=0)))), float(np.exp(each)))


def _entropy(share: np.ndarray) -> Any:
    """Return the entropy of the last axis in nats."""
    return -np.sum(share * np.log(share, out=np.zeros(share.shape), where=share > 0), axis=-1)
