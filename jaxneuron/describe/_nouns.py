"""What a description is, and what a score of it is; one entry for each unit."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.corpora.labelled import Labelled
from jaxneuron.table import Table


class Described(NamedTuple):
    """What is said of each unit, and what that foretells; what every `describe` returns."""

    text: tuple[str, ...]  # [unit] a readable line, such as "high at “wall”, “door”"
    side: Int[np.ndarray, "unit"]  # where the unit goes far out: 1 high, -1 low, 0 for one that never changes
    source: tuple[str, ...]  # [unit] how the line was made: the method's name
    predict: Callable[[Labelled], Table]  # of any text, [token, unit]: what the unit should do there, in its own scale


class Exemplar(NamedTuple):
    """A word at which a unit is far out, with the words around it."""

    words: tuple[str, ...]
    place: int  # of the word, among these
    values: Float[np.ndarray, "word"]  # what the unit does at each of them


class Measured(NamedTuple):
    """One measure of how well descriptions foretell units, from 0 to 1 (correlation: -1 to 1)."""

    value: Float[np.ndarray, "unit"]
    low: Float[np.ndarray, "unit"]  # ends of an interval of at least 95%, by texts
    high: Float[np.ndarray, "unit"]
    control: Float[np.ndarray, "unit"]  # the mean of what the descriptions of other units get for this unit
    control_low: Float[np.ndarray, "unit"]  # the middle 95% of those
    control_high: Float[np.ndarray, "unit"]


class Scored(NamedTuple):
    """How well descriptions foretell what units do on a text that had no say in them.

    Where `known` is false there is nothing to foretell: all values are then those of chance.
    """

    correlation: Measured  # Pearson's, over words; chance is 0
    auroc: Measured  # are the words farthest out foretold farther out than others? A half is chance, as below
    detection: Measured  # are the texts in which the unit goes farthest out told from the others?
    fuzzing: Measured  # within those texts, is the word where it does told from the others?
    known: Bool[np.ndarray, "unit"]  # false for a unit that never changes, here or where it was described


class Parts(NamedTuple):
    """Which words, and which sentences, are used for what."""

    fit: Int[np.ndarray, "_fit"]  # words by which units are described
    choice: Int[np.ndarray, "_choice"]  # words by which the best description is chosen
    held: Int[np.ndarray, "_held"]  # words on which that one is scored
    fit_text: Labelled
    choice_text: Labelled
    held_text: Labelled
