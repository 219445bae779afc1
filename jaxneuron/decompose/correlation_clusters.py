"""Disjoint groups of units that rise and fall together.

Hierarchical clustering with complete linkage on `1 - correlation` of the units' activations, cut to a number of groups:
Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 3.2.2, whose code makes 81 groups of 1,024 GRU units from
100,000 n-grams. Clustering is scipy's.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from jaxneuron.types import Factors


def decompose(key: Array | None, activations: Float[Any, "token unit"], *, factors: int) -> Factors:
    """Cluster the units by the correlation of their activations.

    Args:
        key: not used: nothing is random here.
        activations: a sample of tokens (or of n-grams at their last word).
        factors: groups to cut the tree to; 1 to the number of units.

    Returns:
        `basis` has a row of zeros and ones per group, the largest group first; `codes` are the groups' mean
        activations. A unit that never changes correlates with nothing (distance 1).

    Raises:
        ValueError: fewer than two tokens or units, or more groups than units.

    Example:
        >>> a = np.array([[0.0, 0.1, 1.0], [1.0, 0.9, 0.5], [0.2, 0.3, 0.7]])
        >>> decompose(None, a, factors=2).basis.tolist()
        [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    del key
    activations = np.asarray(activations)
    tokens, units = activations.shape
    if tokens < 2 or units < 2 or not 1 <= factors <= units:
        raise ValueError(
            f"expected at least 2 tokens, 2 units and 1 to {units} groups, "
            f"got {tokens} tokens, {units} units and {factors} groups"
        )
    centred = activations - activations.mean(axis=0)
    norm = np.sqrt(np.einsum("tu,tu->u", centred, centred, dtype=np.float64))
    product = (centred.T @ centred).astype(np.float64)
    scale = np.outer(norm, norm)
    correlation = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    distance = np.clip(1 - correlation, 0, 2)
    np.fill_diagonal(distance, 0)

    group = fcluster(linkage(squareform(distance, checks=False), method="complete"), factors, criterion="maxclust")
    names, first, sizes = np.unique(group, return_index=True, return_counts=True)
    basis = (group == names[np.lexsort((first, -sizes)), None]).astype(np.float32)
    codes = activations @ (basis / basis.sum(axis=1, keepdims=True)).T
    return Factors(jnp.asarray(codes), jnp.asarray(basis))
