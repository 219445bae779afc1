"""Which units recur in other models? Compare what they do on the words of one text.

Every module has one verb, `compare`, of activations `[token, unit]` and those of another model, or a list of several;
rows are the same words, so that models that cut words into different pieces are compared word by word. All are made of
sums over tokens (`comoments`): `finish` makes the same of sums that were streamed and merged, and of those that
`comoments.rotated` turns into a baseline. `ranking.ranked(matches.score)` orders the units by how they recur.

Unit by unit:

- `max_correlation`, `mean_correlation`, `min_correlation`: the most correlated unit of another model: of the best
  model, on average over models, and of the worst model
- `linear_regression`: how well all units of another model together predict it

Layers as a whole, whatever the basis that their units are:

- `svcca`, `pwcca`: canonical correlations of their main directions, alike or by how much they carry
- `cka`: whether tokens are alike in one layer that are alike in the other

What sums a method takes, its `SUMS` says: those of `units`, which can be rotated to see what correlations are worth;
with the products of every two units of the `layers` of both; or of every two units of the other `model`.
"""

from collections.abc import Sequence
from typing import Protocol

from jaxneuron import batching
from jaxneuron.table import Table
from jaxneuron.types import Matches


class Compare(Protocol):
    """The folder's verb."""

    def __call__(
        self,
        a: Table,
        b: Table | Sequence[Table],
        *,
        budget: int = batching.BUDGET,
        progress: batching.Progress | None = None,
    ) -> Matches:
        """Say how much of each unit of `a` is found in `b`, one model or several."""
        ...
