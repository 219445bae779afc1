"""The most correlated unit of each other model, on average: how well does the unit recur?

Bau, Belinkov, Sajjad, Durrani, Dalvi, Glass 2019 (arXiv 1811.01157), section 3.1: between MaxCorr and
MinCorr there. As excess over rotated models it is how Gurnee et al. 2024 (arXiv 2401.12181) find universal neurons.

Cost:
    No pass of the models beyond the extraction of all: each table is read once, a product for each pair of units.

Fails:
    One model that failed to learn pulls all means down. Without the excess over rotated models, units that follow
    frequent words come first.

Peers:
    The authors' code (Bau et al.; universal neurons of Gurnee et al.); the same numbers, from sums that stream.
"""

from collections.abc import Sequence

import numpy as np

from jaxneuron import batching
from jaxneuron.comoments import Comoments
from jaxneuron.compare import _correlations, _over
from jaxneuron.table import Table
from jaxneuron.types import Matches

SUMS = "units"


def compare(
    a: Table,
    b: Table | Sequence[Table],
    *,
    absolute: bool = True,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Matches:
    """Return how much the most correlated unit of each other model is like each unit, on average over the models.

    Args:
        a: activations of the model whose units are asked for.
        b: activations of another model at the same words, or of several models.
        absolute: count units that fall where the unit rises, as Bau et al. do; Gurnee et al. 2024 do not.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        The score is the mean of the models' largest |r|, from 0 to 1; the partner is that of the best model.
        `table` has all correlations, with their signs. A unit that never changes has the score 0 and no partner.

    Raises:
        TypeError, ValueError: activations that are not finite, or of different texts.

    Example:
        >>> a = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
        >>> found = compare(a, [-a[:, ::-1], a[:, :1]])
        >>> found.score.round(3).tolist(), found.partner.tolist()
        ([1.0, 0.933], [1, 0])
    """
    return finish(*_over.over(a, b, sums=SUMS, budget=budget, progress=progress), absolute=absolute)


def finish(*sums: Comoments, absolute: bool = True) -> Matches:
    """Return the same of sums with each other model."""
    return _correlations.recurring(sums, absolute, np.mean, np.argmax)
