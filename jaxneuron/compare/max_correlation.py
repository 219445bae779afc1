"""The most correlated unit of any other model: does the unit recur anywhere?

Bau, Belinkov, Sajjad, Durrani, Dalvi, Glass 2019 (arXiv 1811.01157), section 3.1: MaxCorr, the
correlation with the best unit of the best model. It finds what at least one other model has learnt, too.

Cost:
    No pass of the models beyond the extraction of both: the tables are read once, a product for each pair of units.

Fails:
    One other model that learnt a frequent word is enough: it tells recurrence, not importance. Needs the same words in
    the same order. The best of thousands correlates by chance: compare with rotated models.

Peers:
    The authors' code; the same numbers, from sums that stream.
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
    """Return how much the most correlated unit of any other model is like each unit.

    Args:
        a: activations of the model whose units are asked for.
        b: activations of another model at the same words, or of several models.
        absolute: count units that fall where the unit rises, as Bau et al. do; Gurnee et al. 2024 do not.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        The score is the largest |r|, from 0 to 1.
        `table` has all correlations, with their signs. A unit that never changes has the score 0 and no partner.

    Raises:
        TypeError, ValueError: activations that are not finite, or of different texts.

    Example:
        >>> a = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
        >>> found = compare(a, [-a[:, ::-1], a[:, :1]])
        >>> found.score.round(3).tolist(), found.partner.tolist()
        ([1.0, 1.0], [1, 0])
    """
    return finish(*_over.over(a, b, sums=SUMS, budget=budget, progress=progress), absolute=absolute)


def finish(*sums: Comoments, absolute: bool = True) -> Matches:
    """Return the same of sums with each other model."""
    return _correlations.recurring(sums, absolute, np.max, np.argmax)
