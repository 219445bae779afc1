"""Disjoint groups of units that rise and fall together.

Agglomerative clustering of units whose distance is `1 - correlation` of their activations; one tree (`tree`) is cut
(`cut`) into any number of groups, or at any distance. Two papers, two settings:

- Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 3.2.2, whose code makes 81 groups of 1,024 GRU units from
  100,000 n-grams, with complete linkage: the default.
- Dalvi, Sajjad, Durrani, Belinkov 2020, "Analyzing redundancy in pretrained transformer models" (arXiv 2004.04010), and
  NeuroX: `absolute=True, linkage="average"`, cut at a threshold, by default 0.5 there and 0.3 in the paper.

The tree is scipy's; correlations stream over a table that may be larger than memory.

Cost:
    No pass of the model: the activations are read twice, a product for each pair of units; the tree takes `units^2`
    steps and twelve bytes for each pair.

Fails:
    Tens of thousands of units: memory grows with their square. Complete linkage splits long chains, single linkage
    makes them. A few tokens correlate by chance.

Peers:
    NeuroX's clustering (`absolute=True, linkage="average"`), which holds all activations and all pairs in double
    precision.
"""

from typing import Any, Literal, get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.cluster import hierarchy

from jaxneuron import batching
from jaxneuron.decompose._correlation import correlation
from jaxneuron.decompose._tree import Tree, cut, groups_at
from jaxneuron.table import Checked, Table
from jaxneuron.types import Factors

__all__ = ["Linkage", "Tree", "correlation", "cut", "decompose", "groups", "tree"]

Linkage = Literal["complete", "average", "single", "ward"]
"""How far two groups are apart: their farthest units, the mean over all pairs, the nearest, or by how much the squares
of the distances to the mean grow when they are joined (which presupposes points in a space)."""

SOME = 2**15
"""Pairs at a time."""


def tree(
    activations: Float[Any, "token unit"] | Table,
    *,
    absolute: bool = False,
    linkage: Linkage = "complete",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Tree:
    """Join the units, step by step, by the correlation of their activations.

    The distance of two units is `1 - r`, or `1 - |r|`; for ward it is `sqrt(2 - 2 r)`, the Euclidean distance of the
    units' standardised activations of length 1. A unit that never changes correlates with nothing (`r = 0`).

    Args:
        activations: of a sample of tokens, as an array or a site of a store, which is read twice, in blocks.
        absolute: whether units that move against each other are alike.
        linkage: how far groups are apart.
        budget: bytes for a block of tokens; beside it, some twelve bytes are held for each pair of units.
        progress: called after each block.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: fewer than two tokens or units, an activation that is not finite, an unknown linkage, or ward of
            absolute correlations, whose distances are of no space.

    Example:
        >>> a = np.array([[0.0, 0.1, 1.0], [1.0, 0.9, 0.0], [0.2, 0.3, 0.8]])
        >>> tree(a, absolute=True).merges[:, :2].astype(int).tolist()
        [[0, 2], [1, 3]]
    """
    return _joined(_pairs(activations, linkage, absolute, budget, progress), absolute=absolute, linkage=linkage)


def decompose(
    key: Array | None,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int | None = None,
    threshold: float | None = None,
    absolute: bool = False,
    linkage: Linkage = "complete",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Factors:
    """Cluster the units by the correlation of their activations.

    Args:
        key: not used: nothing is random here.
        activations: of a sample of tokens (or of n-grams at their last word).
        factors: groups to cut the tree to; 1 to the number of units.
        threshold: instead, the distance up to which groups are joined: 0.3 joins units that correlate by 0.7.
        absolute: whether units that move against each other are alike.
        linkage: how far two groups are apart; average with absolute is NeuroX's clustering.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        `basis` has a row of zeros and ones per group, the largest group first; `codes` are the groups' mean
        activations. With `absolute`, what is averaged are the units turned to rise with the first of their group.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: as `tree` and `cut`, or means that float32 does not hold.

    Example:
        >>> a = np.array([[0.0, 0.1, 1.0], [1.0, 0.9, 0.5], [0.2, 0.3, 0.7]])
        >>> decompose(None, a, factors=2).basis.tolist()
        [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    del key
    pairs = _pairs(activations, linkage, absolute, budget, progress, factors)
    if (factors is None) == (threshold is None):
        raise ValueError(f"expected either factors or a threshold, got factors={factors} and threshold={threshold}")
    signs = pairs.copy() if absolute else None
    if threshold is None:
        group = cut(_joined(pairs, absolute=absolute, linkage=linkage), groups=factors)
    else:
        group = _groups(pairs, Checked(activations).shape[1], threshold, absolute=absolute, linkage=linkage)
    basis = (group == np.arange(group.max() + 1)[:, None]).astype(np.float32)
    share = basis / basis.sum(axis=1, keepdims=True)
    if signs is not None:
        share *= _turned(signs, group)
    return Factors(_means(activations, share, budget), jnp.asarray(basis))


def groups(
    activations: Float[Any, "token unit"] | Table,
    *,
    threshold: float,
    absolute: bool = False,
    linkage: Linkage = "complete",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Int[np.ndarray, "unit"]:
    """Return the group of each unit at one distance: `cut(tree(...), threshold=...)`, sooner.

    Args:
        activations: as for `tree`.
        threshold: the distance up to which groups are joined.
        absolute: as for `tree`.
        linkage: as for `tree`.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Raises:
        TypeError, ValueError: as `tree` and `cut`.

    Example:
        >>> a = np.array([[0.0, 0.1, 1.0], [1.0, 0.9, 0.0], [0.2, 0.3, 0.8]])
        >>> groups(a, threshold=0.5).tolist()
        [0, 0, 1]
    """
    pairs = _pairs(activations, linkage, absolute, budget, progress)
    return _groups(pairs, Checked(activations).shape[1], threshold, absolute=absolute, linkage=linkage)


def _pairs(
    activations: Any,
    linkage: str,
    absolute: bool,
    budget: int,
    progress: batching.Progress | None,
    groups: int | None = None,
) -> Float[np.ndarray, "pair"]:
    """Check what can be checked at once, and return the correlation of each pair."""
    if linkage not in get_args(Linkage):
        raise ValueError(f"expected a linkage of {', '.join(get_args(Linkage))}, got {linkage!r}")
    if linkage == "ward" and absolute:
        raise ValueError(
            "ward is of distances in a space, which 1 - |r| are not; take absolute=False, or another linkage"
        )
    tokens, units = Checked(activations).shape
    if tokens < 2 or units < 2 or not 1 <= (1 if groups is None else groups) <= units:
        asked = "" if groups is None else f" and {groups} groups"
        raise ValueError(
            f"expected at least 2 tokens, 2 units and 1 to {units} groups, got {tokens} tokens, {units} units{asked}"
        )
    return correlation(activations, budget=budget, progress=progress)


def _groups(
    pairs: Float[np.ndarray, "pair"], units: int, threshold: float, *, absolute: bool, linkage: str
) -> Int[np.ndarray, "unit"]:
    """Return the groups at a distance; the correlations are overwritten."""
    if linkage == "ward" or not threshold >= 0:  # ward's groups may be nearer than their units
        return cut(_joined(pairs, absolute=absolute, linkage=linkage), threshold=threshold)
    return groups_at(_apart(pairs, absolute, linkage), units, threshold=threshold, linkage=linkage)


def _joined(pairs: Float[np.ndarray, "pair"], *, absolute: bool, linkage: str) -> Tree:
    """Return the tree of the correlations, which are overwritten."""
    return Tree(hierarchy.linkage(_apart(pairs, absolute, linkage), method=linkage))


def _apart(pairs: Float[np.ndarray, "pair"], absolute: bool, linkage: str) -> Float[np.ndarray, "pair"]:
    """Return the distances in place of the correlations, as many at a time as stay at hand."""
    for start in range(0, len(pairs), SOME):
        some = pairs[start : start + SOME]
        if absolute:
            np.abs(some, out=some)
        np.subtract(1, some, out=some)
        if linkage == "ward":
            np.sqrt(np.multiply(some, 2, out=some), out=some)
    return pairs


def _turned(pairs: Float[np.ndarray, "pair"], group: Int[np.ndarray, "unit"]) -> Float[np.ndarray, "unit"]:
    """Return -1 for each unit that falls where the first unit of its group rises."""
    units = len(group)
    first = np.unique(group, return_index=True)[1][group]
    unit = np.arange(units)
    place = units * first - first * (first + 1) // 2 + unit - first - 1
    alike = np.where(unit > first, pairs[np.where(unit > first, place, 0)], 1)
    return np.where(alike < 0, -1, 1).astype(np.float32)


def _means(activations: Any, share: Float[np.ndarray, "factor unit"], budget: int) -> Float[Array, "token factor"]:
    """Return weighted means of the units at each token.

    Raises:
        ValueError: they are more than the type holds.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    codes = np.empty((tokens, len(share)), checked.dtype)
    chunk = batching.chunk_size(4 * units * (checked.copies + 1), tokens, budget)
    for here, block in checked.blocks(chunk):
        codes[here] = block @ share.T
    with np.errstate(over="ignore"):
        held = jnp.asarray(codes)
    if not bool(jnp.all(jnp.isfinite(held))):
        raise ValueError(
            f"the groups' means go up to {np.abs(codes).max():g}, more than {held.dtype} holds; divide the activations "
            "by their scale"
        )
    return held
