"""Disjoint groups of units that rise and fall together.

Hierarchical clustering with complete linkage on `1 - correlation` of the units' activations, cut to a number of groups:
Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 3.2.2, whose code makes 81 groups of 1,024 GRU units from
100,000 n-grams. Clustering is scipy's.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform

from jaxneuron.decompose._correlation import correlation
from jaxneuron.types import Factors


def decompose(key: Array | None, activations: Float[Any, "token unit"], *, factors: int) -> Factors:
    """Cluster the units by the correlation of their activations.

    Args:
        key: not used: nothing is random here.
        activations: a sample of tokens (or of n-grams at their last word).
        factors: groups to cut the tree to; 1 to the number of units.

    Returns:
        `basis` has a row of zeros and ones per group, the largest group first; `codes` are the groups' mean
        activations. A unit that never changes correlates with nothing (distance 1). There are as many groups as asked
        for: of pairs that are equally close, such as dead units, the tree joins some before others.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: fewer than two tokens or units, more groups than units, an activation that is not finite, or means
            that float32 does not hold.

    Example:
        >>> a = np.array([[0.0, 0.1, 1.0], [1.0, 0.9, 0.5], [0.2, 0.3, 0.7]])
        >>> decompose(None, a, factors=2).basis.tolist()
        [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    del key
    activations = np.asarray(activations)
    if activations.ndim != 2:
        raise ValueError(f"expected activations [token, unit], got the shape {activations.shape}")
    tokens, units = activations.shape
    if tokens < 2 or units < 2 or not 1 <= factors <= units:
        raise ValueError(
            f"expected at least 2 tokens, 2 units and 1 to {units} groups, "
            f"got {tokens} tokens, {units} units and {factors} groups"
        )
    distance = np.clip(1 - correlation(activations), 0, 2)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    group = cut_tree(tree, n_clusters=factors)[:, 0]
    names, first, sizes = np.unique(group, return_index=True, return_counts=True)
    basis = (group == names[np.lexsort((first, -sizes)), None]).astype(np.float32)
    share = basis / basis.sum(axis=1, keepdims=True)
    wide = activations.dtype.itemsize > 4
    codes = activations.astype(np.float64 if wide else np.float32, copy=False) @ share.T
    with np.errstate(over="ignore"):
        held = jnp.asarray(codes)
    if not bool(jnp.all(jnp.isfinite(held))):
        raise ValueError(
            f"the groups' means go up to {np.abs(codes).max():g}, more than {held.dtype} holds; divide the activations "
            "by their scale"
        )
    return Factors(held, jnp.asarray(basis))
