"""How often each cluster and each label meet, for those pairs that do: no table of all pairs is ever built."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, Shaped


class Cells(NamedTuple):
    """The cells of the table cluster by label that are not empty, and its margins."""

    cluster: Int[np.ndarray, "cell"]
    label: Int[np.ndarray, "cell"]
    count: Int[np.ndarray, "cell"]  # items, at least 1
    clusters: Int[np.ndarray, "cluster"]  # items of each
    labels: Int[np.ndarray, "label"]


def cells(clusters: Shaped[Any, "_item"], labels: Shaped[Any, "_item"]) -> Cells:
    """Count the pairs of a cluster and a label; clusters and labels are numbered anew, by their size of number.

    Raises:
        TypeError: clusters or labels that are no whole numbers.
        ValueError: not one of each for every item, a number below 0, or fewer than two clusters and two labels.
    """
    found, sizes = [], []
    for what, given in (("cluster", clusters), ("label", labels)):
        values = numbers(what, given)
        found.append(np.unique(values, return_inverse=True)[1].reshape(-1))
        sizes.append(np.bincount(found[-1]))
    if len(found[0]) != len(found[1]):
        raise ValueError(
            f"expected a cluster and a label for each item, got {len(found[0])} clusters and {len(found[1])} labels"
        )
    if len(sizes[0]) < 2 and len(sizes[1]) < 2:
        raise ValueError("there is one cluster and one label, so there is nothing to compare; expected two of either")
    pair, count = np.unique(found[0].astype(np.int64) * len(sizes[1]) + found[1], return_counts=True)
    return Cells(pair // len(sizes[1]), pair % len(sizes[1]), count, *sizes)


def numbers(what: str, given: Shaped[Any, "_item"]) -> Int[np.ndarray, "item"]:
    """Return the cluster or the label of each item.

    Raises:
        TypeError, ValueError: see `cells`.
    """
    values = np.asarray(given)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"expected a {what} for each item, at least one, got the shape {values.shape}")
    if values.dtype.kind not in "biu":
        raise TypeError(
            f"expected {what}s as whole numbers, got {values.dtype}; `np.unique(names, return_inverse=True)[1]` makes "
            "numbers of names"
        )
    if values.min() < 0:
        raise ValueError(
            f"item {int(values.argmin())} has the {what} {values.min()}; expected numbers from 0 on: leave out items "
            f"that have no {what}"
        )
    return values
