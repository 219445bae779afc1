"""Do a cluster and a label meet more often than chance? Normalised pointwise mutual information of each pair.

Bouma 2009, see `evaluate.npmi`; of clusters and labels in Michael, Botha, Tenney 2020, "Asking without telling" (arXiv
2004.14513), who read off which latent class is which label.

Cost:
    None: counts of pairs.

Fails:
    Rare pairs reach 1 by chance: smooth them.

Peers:
    nltk's association measures, pair by pair.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from jaxneuron.evaluate.clusters._cells import cells
from jaxneuron.evaluate.npmi import from_counts


class Association(NamedTuple):
    """Rows and columns are in the order of the numbers that occur."""

    npmi: Float[np.ndarray, "cluster label"]  # -1 never together, 0 as often as by chance, 1 only together
    clusters: Int[np.ndarray, "cluster"]  # the number of each
    labels: Int[np.ndarray, "label"]


def association(clusters: Shaped[Any, "_item"], labels: Shaped[Any, "_item"], *, smoothing: float = 0.0) -> Association:
    """Return how much more often than chance each cluster has each label.

    Args:
        clusters: of each item.
        labels: of each item.
        smoothing: added to each of the four counts of a pair, as in `npmi.npmi`; at least 0.

    Raises:
        TypeError: clusters or labels that are no whole numbers.
        ValueError: not one of each for every item, a number below 0, one cluster and one label only, or smoothing
            below 0.

    Source:
        Bouma 2009; Michael et al. 2020.

    Example:
        >>> association(np.array([0, 0, 1, 1]), np.array([7, 7, 3, 3])).npmi.tolist()
        [[-1.0, 1.0], [1.0, -1.0]]
    """
    found = cells(clusters, labels)
    together = np.zeros((len(found.clusters), len(found.labels)))
    together[found.cluster, found.label] = found.count
    value = from_counts(together, found.clusters, found.labels, int(found.count.sum()), smoothing=smoothing)
    return Association(value, np.unique(np.asarray(clusters)), np.unique(np.asarray(labels)))
