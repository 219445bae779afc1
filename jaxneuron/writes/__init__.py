"""What does a unit write? What it adds to the model's stream, and what becomes of the predictions by it.

Every module has one verb, `write`, of some units of a site, or of all. Three read what a unit writes as outputs, that
is words, or classes (`Promoted`):

- `vocabulary`: by the weights alone: the unit's output weights through the head, or the embedding (logit lens)
- `token_change`: by an edit: which outputs gain and lose where the unit is set to a value, over a text
- `jacobian_lens`: by all ways to the last site, fitted over a text; for what is no linear step from the stream, too

Two say of what kind a unit is:

- `weight_classes`: whether a unit of an MLP writes what it reads (enrichment), against it (depletion), or neither
- `entropy`: units that only make the model more or less certain, and those that write how frequent words are

They read a model by its sites. Its *stream* is the last site at which what units have written is summed up, before a
final norm (`_course`). What a unit writes is a direction of the next site, if that is a linear function of it, or is
the unit itself (`_written`).
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.types import Forward, Params, Site, Text

VERB = "write"
"""The function of every module."""


class Promoted(NamedTuple):
    """What units do to each output, with the moments of it over the outputs."""

    effect: Float[np.ndarray, "unit output"]  # how much the score of each output rises; see the method for its unit
    variance: Float[np.ndarray, "unit"]
    skewness: Float[np.ndarray, "unit"]  # above 0 where a few outputs rise far; 0 where nothing varies
    kurtosis: Float[np.ndarray, "unit"]  # 3 for a normal distribution; high where a few outputs are singled out
    error: Float[np.ndarray, "unit"]  # standard error over the texts, relative to the length of what is written;
    # infinite where it is not known, 0 where nothing was drawn
    settled: bool | Bool[np.ndarray, ""] = True  # whether that error is small for all units; see the method


class Write(Protocol):
    """The folder's verb; a method that draws at random takes a key before the rest."""

    def __call__(
        self, forward: Forward, params: Params, tokens: Text, units: Int[Any, "unit"] | None = None, *, site: Site
    ) -> Any:
        """Return what each unit writes: a NamedTuple of arrays, whose first axis is the units but where it says so."""
        ...
