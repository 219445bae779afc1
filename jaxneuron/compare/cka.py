"""Linear CKA: are tokens alike in one layer that are alike in the other, whatever the units?

Kornblith, Norouzi, Lee, Hinton 2019 (arXiv 1905.00414), equation 4: `|X'Y|^2 / (|X'X| |Y'Y|)` of centred activations,
with Frobenius norms. A rotation of a layer changes nothing. With fewer tokens than units it is high by chance; give a
few times as many tokens.

Cost:
    No pass of the models beyond the extraction of both: the tables are read once, products of all pairs of units.

Fails:
    High by chance with fewer tokens than units. Dominated by the directions of largest variance: two layers that share
    those alone look alike.

Peers:
    The authors' code and torch_cka, on minibatches; here exact sums over any number of tokens.
"""

from collections.abc import Sequence

import numpy as np

from jaxneuron import batching
from jaxneuron.comoments import Comoments
from jaxneuron.compare import _canonical, _over
from jaxneuron.table import Table
from jaxneuron.types import Matches

SUMS = "layers"


def compare(
    a: Table,
    b: Table | Sequence[Table],
    *,
    layers: Sequence[Sequence[int]] | None = None,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Matches:
    """Return how alike layers are.

    Args:
        a: activations of the model whose layers are asked for.
        b: activations of another model at the same words, or of several models.
        layers: how many units each layer has, of `a` and then of each other model; by default a model is one layer.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        `table` has the CKA of every two layers, from 0 to 1; score and partner are those of the most similar layer. A
        layer that never changes has 0.

    Raises:
        TypeError, ValueError: activations that are not finite, or of different texts.

    Example:
        >>> a = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 5.0]])
        >>> turned = 3 * a @ np.array([[0.6, -0.8], [0.8, 0.6]])
        >>> compare(a, [turned, a[:, :1]]).table.round(3).tolist()
        [[1.0, 0.744]]
    """
    return finish(*_over.over(a, b, sums=SUMS, layers=layers, budget=budget, progress=progress))


def finish(*sums: Comoments) -> Matches:
    """Return the same of sums with each other model, with the products of the layers."""
    _over.given(sums)
    return _canonical.matches([_table(one) for one in sums])


def _table(sums: Comoments) -> np.ndarray:
    _canonical.layers(sums)
    norms = [np.array([np.linalg.norm(one) for one in side.products]) for side in (sums.a, sums.b)]
    starts = [np.cumsum([0, *map(len, side.products)])[:-1] for side in (sums.a, sums.b)]
    both = np.outer(*norms)
    biggest = float(np.abs(sums.cross).max()) or 1.0  # so that no square leaves the range
    shared = np.add.reduceat(np.add.reduceat((sums.cross / biggest) ** 2, starts[0], axis=0), starts[1], axis=1)
    return np.divide(shared * biggest, both / biggest, out=np.zeros_like(both), where=both > 0).clip(0, 1)
