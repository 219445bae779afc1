"""How few units of all layers are enough for a task? First fewer layers, then fewer copies, then the best of the rest.

Dalvi, Sajjad, Durrani, Belinkov 2020, "Analyzing redundancy in pretrained transformer models" (arXiv 2004.04010),
section 6: the lowest layer that does, with all below it, nearly as well as all (LayerSelector); of each cluster of
correlated units one (CC); the fewest of those in the order of a linear probe (FS). Theirs allows each step a loss of
its own and tries a fixed list of numbers; here every share is one of what all units reach, and `minimal_set` searches.

Cost:
    No pass of the model: probes of all first layers are fitted, one correlation of the units, then a search of a few
    more fits.

Fails:
    Chosen by dev data: report what is left on a third set. Each step's loss adds up. Where correlations are of few
    tokens, clusters are of chance.

Peers:
    The authors' code; each step's loss there is an option of its own, here a share of what all units reach.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate.feature_selection import feature_selection

    data = (activations, labels)
    found = feature_selection(jax.random.key(0), data, data, {"low": 2, "high": 2}, shares=[0.9])
    print(found.lowest, found.minimal.size.tolist())
    #: 0 [1]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int

from jaxneuron import batching
from jaxneuron.decompose.correlation_clusters import Linkage
from jaxneuron.evaluate.layers import Layers, layerwise, lowest, masks
from jaxneuron.evaluate.minimal_set import DEFAULT, Grid, MinimalSet, minimal_set
from jaxneuron.evaluate.probes import Data
from jaxneuron.evaluate.redundant_units import redundant_units, representatives
from jaxneuron.rank import linear
from jaxneuron.table import Table
from jaxneuron.types import Probe, Ranking, Site


class Steps(NamedTuple):
    """How far each step goes.

    Args:
        within: the share of the accuracy of all layers that the first ones may lose, 0 to 1; the paper has 0.01 to
            0.03. 0 nearly always keeps all layers.
        threshold: the distance `1 - |r|` up to which units are one cluster, above 0 and below 1; None: no clusters.
        linkage: of the clusters.
        sample: tokens that the units are correlated on, the first.
        grid: which numbers of units are tried.
    """

    within: float = 0.01
    threshold: float | None = 0.3
    linkage: Linkage = "average"
    sample: int = 20_000
    grid: Grid = DEFAULT


PAPER = Steps()
"""Those of the paper."""


class Selection(NamedTuple):
    """What is left after each step; accuracies are of dev tokens."""

    layers: Layers  # what each layer, and each with all below it, tells
    lowest: int  # the last layer that is kept
    kept: Int[np.ndarray, "kept"]  # units that are left after the clusters
    order: Int[np.ndarray, "kept"]  # the same, the best first
    minimal: MinimalSet  # how many of the order reach each share of what all units reach


def feature_selection(
    key: Array,
    train: Data,
    dev: Data,
    layers: Mapping[Site, int],
    *,
    shares: Sequence[float] = (0.97, 0.98, 0.99),
    steps: Steps = PAPER,
    fit: Callable[..., Probe] = linear.fit,
    orders: Callable[..., Probe] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Selection:
    """Select layers, leave out units that others stand for, and find the fewest of the rest that are enough.

    Args:
        key: for the unit that stands for its cluster, and the order of the tokens.
        train: activations of all layers side by side, and labels of one property.
        dev: the same of other tokens, by which all is chosen; report what is left on a third set (`probes.curve`).
        layers: site -> units, in the order of the columns, such as `Store.sites`.
        shares: of the accuracy of all units, above 0 and at most 1. Where even all that is left does not reach one,
            `minimal.accuracy` is below it.
        steps: how far each step goes.
        fit: the probe; `functools.partial` of `linear.fit` gives it other settings.
        orders: the probe whose weights order the units, by default `fit`; an L1 penalty lets one of several that say
            the same have the weight.
        budget: bytes of working memory.
        progress: called after each step.

    Raises:
        ValueError: several concepts, other layers than units, or an option out of range.

    Source:
        Dalvi et al. 2020, section 6.
    """
    if np.ndim(train[1]) != 1:
        raise ValueError(f"expected one property, got labels {np.shape(train[1])}; ask for each concept by itself")
    draw, shuffle = jax.random.split(key)
    known = layerwise(shuffle, train, dev, layers, fit=fit, budget=budget)
    last = lowest(known, within=steps.within)
    some = np.flatnonzero(masks(layers, train[0].shape[1])[1][last])
    _step(progress, 1)
    if steps.threshold is not None:
        below = dict(list(layers.items())[: last + 1])
        sample = train[0][: steps.sample, some]
        found = redundant_units(sample, below, thresholds=[steps.threshold], linkage=steps.linkage)
        some = some[representatives(draw, found.groups[0])]
    _step(progress, 2)
    parts = (_columns(train, some), _columns(dev, some))
    probe = (orders or fit)(shuffle, *parts[0])
    ranking: Ranking = linear.mass_order(probe)
    oracle = float(known.first.accuracy[-1])
    minimal = minimal_set(
        shuffle, ranking, *parts, shares=shares, grid=steps.grid, oracle=oracle, fit=fit, budget=budget
    )
    _step(progress, 3)
    return Selection(known, last, some, some[np.asarray(ranking.order)], minimal)


def _columns(data: Data, units: np.ndarray) -> Data:
    table: Table = data[0] if len(units) == data[0].shape[1] else data[0][:, units]
    return table, data[1]


def _step(progress: batching.Progress | None, done: int) -> None:
    if progress:
        progress(done, 3)
