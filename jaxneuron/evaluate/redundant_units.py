"""How many units say what others say already, whatever one asks of them? The paper's general redundancy.

Dalvi, Sajjad, Durrani, Belinkov 2020, "Analyzing redundancy in pretrained transformer models" (arXiv 2004.04010),
section 4.2: units are clustered by their correlation (average linkage, distance `1 - |r|`), and all but one unit of a
cluster are redundant. A unit that never changes says nothing, so here it is redundant, too; they leave it out.

Cost:
    No pass of the model: correlations of all units from two readings, and one tree, cut at each threshold.

Fails:
    Two units that correlate on this text may part on another. Only pairs that are linear count: three units of which
    one is the sum of the others are not redundant here.

Peers:
    The authors' code and NeuroX's clustering; a unit that never changes is redundant here, and left out there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching
from jaxneuron.decompose import correlation_clusters
from jaxneuron.decompose.correlation_clusters import Linkage
from jaxneuron.evaluate.layers import masks
from jaxneuron.table import Checked, Table
from jaxneuron.types import Site

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Of the paper's programs: distances up to which units are one cluster."""


class RedundantUnits(NamedTuple):
    """What is left of the units when those near each other count once, for each threshold."""

    thresholds: Float[np.ndarray, "threshold"]
    groups: Int[np.ndarray, "threshold unit"]  # the cluster of each unit, -1 for one that never changes
    kept: Int[np.ndarray, "threshold"]  # clusters: units that are not redundant
    share: Float[np.ndarray, "threshold"]  # of all units, that are redundant
    within: Float[np.ndarray, "threshold layer"]  # the same of each layer, clustered alone
    apart: Float[np.ndarray, "threshold layer"]  # share of the clusters of several units whose first and last layer are
    # so many apart, from 0; nan where each unit is a cluster


def redundant_units(
    activations: Table,
    layers: Mapping[Site, int],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    absolute: bool = True,
    linkage: Linkage = "average",
    budget: int = batching.BUDGET,
) -> RedundantUnits:
    """Cluster the units by their correlation, and count what is redundant: in all layers, in each, and across them.

    Args:
        activations: of all layers side by side, of a sample of tokens.
        layers: site -> units, in the order of the columns, such as `Store.sites`.
        thresholds: distances `1 - |r|` at which the trees are cut, above 0 and below 1.
        absolute: whether a unit is redundant beside one that it mirrors; else the distance is `1 - r`.
        linkage: how far clusters are from each other.
        budget: bytes for a block of tokens.

    Raises:
        ValueError: other layers than units, thresholds out of range, fewer than two units that change, or an activation
            that is not finite.

    Source:
        Dalvi et al. 2020, section 4.2.

    Example:
        >>> one, other = np.array([0.0, 1, 2, 3]), np.array([1.0, -1, -1, 1])
        >>> found = redundant_units(np.stack([one, -one, other, one * 2], axis=1), {"a": 2, "b": 2}, thresholds=[0.5])
        >>> found.groups.tolist(), found.kept.tolist(), found.within.tolist()
        ([[0, 0, 1, 0]], [2], [[0.5, 0.0]])
    """
    cuts = np.asarray(thresholds, np.float64)
    if cuts.ndim != 1 or not cuts.size or not (0 < cuts.min() and cuts.max() < 1):
        raise ValueError(f"expected thresholds above 0 and below 1, got {thresholds!r:.80}")
    table = Checked(activations, exact=True)
    alone = masks(layers, table.shape[1])[0]
    changes = _changes(table, budget)
    groups = _clusters(table, changes, cuts, absolute, linkage)
    own = [_clusters(table, changes & layer, cuts, absolute, linkage).max(axis=1) + 1 for layer in alone]
    kept, left = groups.max(axis=1) + 1, np.stack(own, axis=1)
    layer = alone.argmax(axis=0)[changes]
    apart = np.stack([_apart(row[changes], layer, len(alone)) for row in groups])
    return RedundantUnits(cuts, groups, kept, 1 - kept / len(changes), 1 - left / alone.sum(axis=1)[None], apart)


def representatives(key: Array, groups: Shaped[Any, "_unit"]) -> Int[np.ndarray, "group"]:
    """Return one unit of each cluster, drawn at random, as the paper does; in the order of the units.

    Args:
        key: for the draw.
        groups: the cluster of each unit, below 0 for a unit that is left out.

    Raises:
        ValueError: no cluster.
    """
    given = np.asarray(groups)
    if given.ndim != 1 or not (given >= 0).any():
        raise ValueError(f"expected the cluster of each unit, at least one of them 0 or more, got {given!r:.80}")
    drawn = np.asarray(jax.random.permutation(key, len(given)))
    drawn = drawn[given[drawn] >= 0]
    return np.sort(drawn[np.unique(given[drawn], return_index=True)[1]])


def _changes(table: Checked, budget: int) -> Bool[np.ndarray, "unit"]:
    """Return which units do not always have one value."""
    tokens, units = table.shape
    least, most = np.full(units, np.inf), np.full(units, -np.inf)
    for _, block in table.blocks(batching.chunk_size(4 * units * table.copies, max(tokens, 1), budget)):
        least, most = np.minimum(least, block.min(axis=0)), np.maximum(most, block.max(axis=0))
    changes = least < most
    if changes.sum() < 2:
        raise ValueError(
            f"expected two units or more that change, got {int(changes.sum())} of {units} over {tokens} tokens"
        )
    return changes


def _clusters(
    table: Checked, chosen: Bool[np.ndarray, "unit"], cuts: np.ndarray, absolute: bool, linkage: Linkage
) -> Int[np.ndarray, "threshold unit"]:
    """Return the cluster of each of the chosen units at each threshold, -1 elsewhere."""
    groups = np.full((len(cuts), len(chosen)), -1)
    if chosen.sum() < 2:
        groups[:, chosen] = 0
        return groups
    some = table if chosen.all() else table[:, np.flatnonzero(chosen)]
    tree = correlation_clusters.tree(some, absolute=absolute, linkage=linkage)
    groups[:, chosen] = [correlation_clusters.cut(tree, threshold=float(threshold)) for threshold in cuts]
    return groups


def _apart(groups: np.ndarray, layer: np.ndarray, layers: int) -> Float[np.ndarray, "layer"]:
    """Return the share of the clusters of several units whose first and last layer are so many apart."""
    sizes = np.bincount(groups)
    first, last = np.full(len(sizes), layers), np.full(len(sizes), -1)
    np.minimum.at(first, groups, layer)
    np.maximum.at(last, groups, layer)
    several = sizes > 1
    if not several.any():
        return np.full(layers, np.nan)
    return np.bincount((last - first)[several], minlength=layers) / several.sum()
