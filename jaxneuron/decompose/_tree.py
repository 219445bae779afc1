"""A tree of what is joined to what, and its cuts."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jaxneuron.decompose._clusters import first_largest


class Tree(NamedTuple):
    """Which groups join, from the nearest to the farthest; made by `tree`, cut by `cut`."""

    merges: Float[np.ndarray, "merge 4"]  # as scipy has it: two groups, their distance, the units of the new group;
    # units are the groups 0 to n - 1, and the merge in row i makes group n + i


def cut(tree: Tree, *, groups: int | None = None, threshold: float | None = None) -> Int[np.ndarray, "unit"]:
    """Return the group of each unit: 0 is the largest, and of equally large ones the one with the first unit.

    Args:
        tree: of the units.
        groups: how many, from 1 to the number of units. There are as many as asked for: of pairs that are equally
            close, such as dead units, the tree joins some before others.
        threshold: instead, the distance up to which groups are joined.

    Raises:
        ValueError: both or none of them given, or out of range.

    Example:
        >>> found = Tree(np.array([[0.0, 1.0, 0.1, 2.0], [2.0, 3.0, 0.8, 3.0]]))
        >>> cut(found, groups=2).tolist(), cut(found, threshold=0.9).tolist()
        ([0, 0, 1], [0, 0, 0])
    """
    units = len(tree.merges) + 1
    if (groups is None) == (threshold is None):
        raise ValueError(f"expected either groups or a threshold, got groups={groups} and threshold={threshold}")
    if groups is not None:
        if not 1 <= groups <= units:
            raise ValueError(f"expected 1 to {units} groups, for so many units are there, got {groups}")
        joined = units - groups
    else:
        if threshold is None or not threshold >= 0:
            raise ValueError(f"expected a distance of 0 or more as the threshold, got {threshold}")
        joined = int(np.searchsorted(tree.merges[:, 2], threshold, side="right"))
    made = np.tile(np.arange(units, units + joined), 2)
    parts = tree.merges[:joined, :2].T.astype(np.int64).ravel()
    links = coo_array((np.ones(len(made)), (made, parts)), shape=(units + joined, units + joined))
    names = connected_components(links, directed=False)[1][:units]
    return first_largest(names)


def groups_at(
    distance: Float[np.ndarray, "pair"], units: int, *, threshold: float, linkage: str
) -> Int[np.ndarray, "unit"]:
    """Return the groups of a tree that is cut at a distance, without the units that are near no other.

    These join nobody below it, whether groups are as far apart as their nearest units, the mean, or the farthest.

    Args:
        distance: of each pair, in scipy's order.
        units: how many.
        threshold: the distance up to which groups are joined.
        linkage: single, average or complete.

    Example:
        >>> groups_at(np.array([0.9, 0.1, 0.8]), 3, threshold=0.5, linkage="average").tolist()
        [0, 1, 0]
    """
    starts = np.arange(units) * units - np.arange(units) * (np.arange(units) + 1) // 2
    place = np.flatnonzero(distance <= threshold)
    first = np.searchsorted(starts, place, side="right") - 1
    near = np.union1d(first, place - starts[first] + first + 1)
    names = np.arange(units)
    if len(near):
        rows = [distance[starts[unit] - unit - 1 + near[row + 1 :]] for row, unit in enumerate(near[:-1].tolist())]
        tree = Tree(hierarchy.linkage(np.concatenate(rows), method=linkage))
        names[near] = units + cut(tree, threshold=threshold)
    return first_largest(names)
