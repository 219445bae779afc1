"""What is it, in words, and is that right? Describe every unit without a language model, and score the words.

Every module has one verb, `describe`, which reads activations `[token, unit]` beside the text that they are of:

- `token`: the words at which the unit is far out
- `ngram`: the same with the words before them
- `position`: the places in a sentence
- `label`: the labels that it goes with, of those that the text has
- `formula`: a logical formula of such facts, as `rank.compositional` finds it
- `inputs`: its best inputs, and what shares words with them
- `embedding`: its exemplars, and what means the like of them to an encoder that the user gives
- `told`: what a language model that the user gives says of its exemplars

A description is a text and a *predictor*: what it foretells of the unit at each word of any other text. `score` sets
that against what the unit does there, beside what the descriptions of other units foretell of it; `best` takes the
method that foretells each unit best, on text that neither had a say in the descriptions nor is used to score them;
`judged` has an encoder that the user gives read the lines, and `parts` splits a text into those three. Nothing is read
from files, and no model is run.
"""

from typing import Any, Protocol

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe._best import best
from jaxneuron.describe._judged import judged
from jaxneuron.describe._nouns import Described, Exemplar, Measured, Parts, Scored
from jaxneuron.describe._parts import parts
from jaxneuron.describe._score import score
from jaxneuron.table import Table

__all__ = ["Describe", "Described", "Exemplar", "Measured", "Parts", "Scored", "best", "judged", "parts", "score"]


class Describe(Protocol):
    """The folder's verb."""

    def __call__(
        self, activations: Table, text: Labelled, *, budget: int = batching.BUDGET, **options: Any
    ) -> Described:
        """Describe all units from what they do at the words of a text, the words of all sentences in a row."""
        ...
