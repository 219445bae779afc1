"""Which neurons carry a concept? Give every unit a score for each label, from what it does where the label holds.

Every module has one verb, `rank`. `labels` may be

- `Int[token]`: the classes of one property, counted from 0 (`corpora.labelled.classes` makes them of strings);
- `Bool[token]` or `Bool[token label]`: one concept or many, which may overlap;
- `Float[token]` or `Float[token label]`: numbers, for the methods that can use them.

A method that tells labels apart returns a row per class or concept, the others one row for the whole property.
`ranking.overall` makes one row of many. Methods that fit a probe return it beside the ranking. Activations may be a
lazy array of a store: no method holds more of it in memory than its `budget`, and none changes it.
"""

from typing import Any, Protocol

from jaxtyping import Array, Bool, Float, Int

from jaxneuron.types import Probe, Ranking


class Rank(Protocol):
    """The folder's verb."""

    def __call__(
        self,
        key: Array | None,
        activations: Float[Any, "token unit"],
        labels: Int[Any, "token"] | Bool[Any, "token *label"] | Float[Any, "token *label"],
        /,
        **options: Any,
    ) -> Ranking | tuple[Ranking, Probe]:
        """Return `score[label, unit]`: how much each unit tells about each label, higher is more."""
        ...
