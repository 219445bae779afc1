"""What does each cluster of units know by itself? A probe on its units alone, beside one on as many at random.

Sajjad, Durrani, Dalvi 2022, "Neuron-level interpretation of deep NLP models: a survey" (arXiv 2108.13138) judge
clusters of neurons by a classifier trained on one of them: a group that works on something knows it better than chance
would have it.

Cost:
    No pass of the model: two probes are fitted for each of up to 20 clusters.

Fails:
    A large cluster knows more because it is large: read it beside as many random units. What a probe finds, the model
    need not use.

Peers:
    None that we know of: a protocol of the survey by Sajjad et al. 2022.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate.cluster_probes import cluster_probes

    data = (activations, labels)
    found = cluster_probes(jax.random.key(0), data, data, [0, 0, 1, 1])
    print(found.sizes.tolist(), bool(found.alone.accuracy[0] > found.alone.accuracy[1]))
    #: [2, 2] True
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int, Shaped

from jaxneuron import batching
from jaxneuron.evaluate._held_out import check, held_out
from jaxneuron.evaluate.information import Information
from jaxneuron.evaluate.probes import Data
from jaxneuron.rank import linear
from jaxneuron.table import Checked
from jaxneuron.types import Probe


class ClusterProbes(NamedTuple):
    """What the largest clusters tell on held-out tokens; fields of `Information` have a number per cluster."""

    clusters: Int[np.ndarray, "cluster"]  # the number of each, the largest first
    sizes: Int[np.ndarray, "cluster"]  # units
    alone: Information  # [cluster], of its units
    random: Information  # [cluster], of as many units, drawn from all


def cluster_probes(
    key: Array,
    train: Data,
    test: Data,
    groups: Shaped[Any, "_unit"],
    *,
    largest: int = 20,
    fit: Callable[..., Probe] = linear.fit,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> ClusterProbes:
    """Fit a probe on the units of each cluster, and one on as many random units.

    Args:
        key: for the random units and the order of the tokens.
        train: activations of all units, and labels.
        test: the same of other tokens.
        groups: the cluster of each unit, such as `correlation_clusters.cut` returns; below 0 for none.
        largest: how many clusters are probed, those of most units.
        fit: the probe; `functools.partial` of `linear.fit` gives it other settings.
        budget: bytes of working memory.
        progress: called after each cluster.

    Raises:
        TypeError: clusters that are no whole numbers.
        ValueError: not a cluster for each unit, fewer than two clusters, or none asked for.

    Source:
        Sajjad et al. 2022, section 4.
    """
    units = check(train[0], np.asarray(train[1]))[1]
    check(test[0], np.asarray(test[1]))
    given = np.asarray(groups)
    if given.dtype.kind not in "iu":
        raise TypeError(f"expected the cluster of each unit as a whole number, got {given.dtype}")
    if given.shape != (units,) or test[0].shape[1] != units:
        raise ValueError(
            f"expected a cluster for each of the {units} units, got {given.shape} and test activations of "
            f"{test[0].shape[1]} units"
        )
    names, sizes = np.unique(given[given >= 0], return_counts=True)
    if len(names) < 2 or largest < 1:
        raise ValueError(
            f"expected at least two clusters, of which at least one is probed, got {len(names)} clusters and "
            f"largest={largest}"
        )
    chosen = np.lexsort((names, -sizes))[:largest]
    order, draw = jax.random.split(key)
    shuffled = np.asarray(jax.vmap(lambda one: jax.random.permutation(one, units))(jax.random.split(draw, len(chosen))))
    found: list[list[Information]] = [[], []]
    for place, cluster in enumerate(chosen):
        own = np.flatnonzero(given == names[cluster])
        for which, columns in enumerate((own, np.sort(shuffled[place, : len(own)]))):
            x, held = (_wide(data, columns) for data in (train, test))
            found[which].append(held_out(fit(order, x, train[1]), held, test[1], budget=budget))
        if progress:
            progress(place + 1, len(chosen))
    alone, random = (Information(*(np.stack(field) for field in zip(*rows, strict=True))) for rows in found)
    return ClusterProbes(names[chosen], sizes[chosen], alone, random)


def _wide(data: Data, columns: np.ndarray) -> np.ndarray:
    """Return some units with zeros beside them, which say nothing: few widths, so that few probes are compiled."""
    part = Checked(data[0], exact=True)[:, columns]
    return np.pad(part, [(0, 0), (0, (1 << (len(columns) - 1).bit_length()) - len(columns))])
