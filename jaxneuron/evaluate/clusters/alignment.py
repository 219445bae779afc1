"""Which clusters are a concept that people have a name for, and which concepts have a cluster?

ConceptX: Sajjad, Durrani, Dalvi, Alam, Khan, Xu 2022, "Analyzing encoded concepts in transformer language models"
(arXiv 2206.13289). A cluster is aligned with a concept that nearly all of its items have, and a concept is covered if a
cluster is aligned with it. Their program looks at one taxonomy after another; here concepts may overlap, so that parts
of speech, affixes and name types are judged at once.

Cost:
    None: counts of pairs.

Fails:
    Clusters of one item are always aligned: set `least`. Concepts of many items are covered easily.

Peers:
    ConceptX's code, one taxonomy after another.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from jaxneuron.evaluate.clusters._cells import numbers


class Alignment(NamedTuple):
    """How far clusters are concepts, and concepts clusters."""

    overall: float  # the paper's lambda: the mean of the next two
    aligned: float  # share of the clusters
    covered: float  # share of the concepts
    concept: Int[np.ndarray, "cluster"]  # the one that most items of the cluster have; -1 where too few have any
    share: Float[np.ndarray, "cluster"]  # of the cluster's items, that have it
    clusters: Int[np.ndarray, "cluster"]  # the number of each


def alignment(
    clusters: Shaped[Any, "_item"],
    labels: Shaped[Any, "_item"] | Bool[Any, "_item concept"],
    *,
    share: float = 0.9,
    least: int = 1,
) -> Alignment:
    """Return which clusters are aligned with a concept, and which concepts are covered.

    Args:
        clusters: of each item.
        labels: the class of each item, or the concepts that hold of it, any number of them.
        share: of a cluster's items that must have the concept, above 0 to 1; the paper has 0.9.
        least: clusters of fewer items are left out, at least 1: one item is always aligned with what it is.

    Raises:
        TypeError: clusters or labels of another kind.
        ValueError: not one of each for every item, a number below 0, a share or a number out of range, or no cluster
            that is large enough.

    Source:
        Sajjad et al. 2022, section 2.

    Example:
        >>> found = alignment(np.array([0, 0, 1, 1]), np.array([2, 2, 0, 2]))
        >>> found.aligned, found.covered, found.concept.tolist()
        (0.5, 0.5, [2, -1])
    """
    if not 0 < share <= 1 or least < 1:
        raise ValueError(f"expected a share above 0 and up to 1, and clusters of at least 1, got {share} and {least}")
    names, own, sizes = np.unique(numbers("cluster", clusters), return_inverse=True, return_counts=True)
    own, given = own.reshape(-1), np.asarray(labels)
    if given.ndim == 2 and given.dtype == bool and given.size:
        known, (item, place) = np.arange(given.shape[1]), np.nonzero(given)
    else:
        known, place = np.unique(numbers("label", given), return_inverse=True)
        item, place = np.arange(len(given)), place.reshape(-1)
    if len(given) != len(own):
        raise ValueError(
            f"expected a cluster and a label for each item, got {len(own)} clusters and {len(given)} labels"
        )
    large = sizes >= least
    if not large.any():
        raise ValueError(f"no cluster has {least} items, the largest has {sizes.max()}; lower `least`")
    pair, count = np.unique(own[item].astype(np.int64) * len(known) + place, return_counts=True)
    cluster, label = np.divmod(pair, len(known))
    part = count / sizes[cluster]  # of the cluster, that has the label
    best = np.zeros(len(names))
    np.maximum.at(best, cluster, part)
    reached = (part >= share) & large[cluster]
    concept = np.full(len(names), -1)
    rising = np.lexsort((-label, part))
    rising = rising[reached[rising]]
    concept[cluster[rising]] = known[label[rising]]  # of several, the last one stays: the one that most items have
    aligned = float((concept >= 0)[large].mean())
    covered = len(np.unique(label[reached])) / len(known)
    return Alignment((aligned + covered) / 2, aligned, covered, concept[large], best[large], names[large])
