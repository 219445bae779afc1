"""B³: of each item's cluster, how much has the item's label, and of its label, how much is in its cluster?

Bagga and Baldwin 1998, "Algorithms for scoring coreference chains"; the one family of measures that keeps all rules of
Amigó et al. 2009, "A comparison of extrinsic clustering evaluation metrics based on formal constraints". As every item
shares its own cluster and label, no clustering scores 0. Van Heusden, Kamps and Marx 2024, "BCubed revisited: elements
like me" (doi:10.1007/s10791-024-09436-7) leave the item itself out, which is `corrected` here. The other correction,
of Moreno and Dias 2015 for unbalanced labels, has two settings that trade precision against recall; it is not this.

Cost:
    None: counts of pairs.

Fails:
    Without `corrected` no clustering scores 0, and one item for each cluster has perfect precision.

Peers:
    The `bcubed` package, with overlapping labels; ours are of one cluster and one label each.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from jaxneuron.evaluate.clusters._cells import cells


class BCubed(NamedTuple):
    """Means over the items."""

    precision: float  # share of an item's cluster that has its label
    recall: float  # share of an item's label that is in its cluster
    f1: float  # their harmonic mean


def b_cubed(clusters: Shaped[Any, "_item"], labels: Shaped[Any, "_item"], *, corrected: bool = False) -> BCubed:
    """Return how far clusters and labels agree, item by item.

    Args:
        clusters: of each item.
        labels: of each item.
        corrected: leave the item itself out of its cluster and its label, so that nothing in common is 0. An item that
            is then alone in both counts as 1, in one of them as 0.

    Returns:
        Shares from 0 to 1; swapping clusters and labels swaps precision and recall.

    Raises:
        TypeError: clusters or labels that are no whole numbers.
        ValueError: not one of each for every item, a number below 0, or one cluster and one label only.

    Source:
        Bagga and Baldwin 1998; van Heusden, Kamps, Marx 2024.

    Example:
        >>> clusters, labels = np.array([0, 0, 1]), np.array([5, 5, 5])
        >>> b_cubed(clusters, labels).precision, b_cubed(clusters, labels, corrected=True).recall
        (1.0, 0.3333333333333333)
    """
    found = cells(clusters, labels)
    own = int(corrected)
    cluster, label = found.clusters[found.cluster] - own, found.labels[found.label] - own
    same, alone = found.count - own, (cluster == 0) & (label == 0)
    precision, recall = (
        float(np.sum(found.count * np.where(alone, 1.0, same / np.maximum(size, 1))) / found.count.sum())
        for size in (cluster, label)
    )
    both = precision + recall
    return BCubed(precision, recall, 2 * precision * recall / both if both else 0.0)
