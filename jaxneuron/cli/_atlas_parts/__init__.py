"""What is known of some units beyond the pass, part by part: what costs more, and is asked for by name.

Every module has one verb, `join`, from what is at hand, a site and some of its units to a piece of the record of each:

- `describe`: a sentence about the unit, and how well it foretells the unit on other text
- `rank`: the label, and the formula of labels, that the unit goes with
- `find`: n-grams that drive it highest and lowest
- `effect`: what the model does without it
- `writes`: outputs that it speaks for and against, and whether it writes what it reads
- `neighbours`: units of any site that go with it, that feed it, and that it feeds
- `recurrence`: units of other models that are like it

A new file in the folder is a new word for `--with`.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from jaxneuron.batching import Progress
from jaxneuron.cli._atlas_parts._encoder import encoder
from jaxneuron.cli._atlas_parts._material import Known, Material, Texts
from jaxneuron.report.atlas.unit import BestInput, Concept, Description, Effect, Neighbour, Recurrence, Weights, Written
from jaxneuron.types import Site

__all__ = ["VERB", "Join", "Known", "Material", "Piece", "Texts", "encoder"]

VERB = "join"


class Piece(NamedTuple):
    """What a part adds to the record of a unit: fields of `report.atlas.unit.Unit`."""

    inputs: Sequence[BestInput] = ()
    writes: Sequence[Written] = ()
    concepts: Sequence[Concept] = ()
    descriptions: Sequence[Description] = ()
    effects: Sequence[Effect] = ()
    neighbours: Sequence[Neighbour] = ()
    recurrence: Sequence[Recurrence] = ()
    weights: Weights | None = None  # of its identity


class Join(Protocol):
    """The folder's verb."""

    def __call__(self, at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
        """Return a piece for each of these units of a site; an empty one where the part has nothing to say."""
        ...
