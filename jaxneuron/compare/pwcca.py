"""PWCCA: how much of what a layer carries does another layer have, whatever their units?

Morcos, Raghu, Bengio 2018 (arXiv 1806.05759): canonical correlations, each weighted by how much of the first layer's
units lies along its variate. So it does not ask how much of the second layer is used: it is not symmetric.

Cost:
    No pass of the models beyond the extraction of both: the tables are read once; an eigendecomposition for each layer
    and a singular value decomposition for each pair.

Fails:
    Fewer tokens than directions correlate perfectly, and are an error. Not symmetric.

Peers:
    The authors' code (google/svcca); the same weights, from sums that stream.
"""

from collections.abc import Sequence

import numpy as np

from jaxneuron import batching
from jaxneuron.comoments import Comoments
from jaxneuron.compare import _canonical, _over
from jaxneuron.compare._canonical import Canonical
from jaxneuron.table import Table
from jaxneuron.types import Matches

SUMS = "layers"


def compare(
    a: Table,
    b: Table | Sequence[Table],
    *,
    layers: Sequence[Sequence[int]] | None = None,
    keep: float = 0.99,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Matches:
    """Return how much of layers there is in others.

    Args:
        a: activations of the model whose layers are asked for.
        b: activations of another model at the same words, or of several models.
        layers: how many units each layer has, of `a` and then of each other model; by default a model is one layer.
        keep: share of a layer's variance that is compared, above 0 and up to 1; what is left are mostly directions
            that no token moves.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        `table` has the weighted mean of the canonical correlations of every two layers, from 0 to 1; score and partner
        are those of the most similar layer. A layer that never changes has 0.

    Raises:
        TypeError, ValueError: activations that are not finite, or of different texts; no more tokens than directions.

    Example:
        >>> a = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 5.0], [0.0, 2.0], [7.0, 1.0]])
        >>> compare(a, a @ np.array([[0.6, -0.8], [0.8, 0.6]])).score.round(3).tolist()
        [1.0]
    """
    sums = _over.over(a, b, sums=SUMS, layers=layers, budget=budget, progress=progress)
    return finish(*sums, keep=keep)


def finish(*sums: Comoments, keep: float = 0.99) -> Matches:
    """Return the same of sums with each other model, with the products of the layers."""
    return _canonical.summed(sums, keep, _weighted)


def _weighted(pair: Canonical) -> float:
    along = pair.first.vectors * pair.first.length @ pair.variates  # [unit canonical], what units have of each variate
    weight = np.abs(along).sum(axis=0)
    return float(weight @ pair.correlations / weight.sum())
