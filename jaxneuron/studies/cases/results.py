"""What a run leaves, as types."""

from typing import NamedTuple


class Passage(NamedTuple):
    """A sentence of the text that units are asked on, with what the case's unit does at each word."""

    words: list[str]
    values: list[float]  # from 0, the unit's mean, in standard deviations; of a falling unit with the other sign
    held: list[bool]  # whether the word is one of the case


class Case(NamedTuple):
    """The unit that tells the words of a case best where it was chosen (auroc), asked on other text."""

    name: str
    words: int  # of the case, where it was asked; of all words:
    share: float
    site: str = ""  # empty: too few words to measure
    unit: int = -1
    sign: str = ""  # + or -: whether it is high or low at these words
    found: float | None = None  # average precision where it was chosen
    precision: float | None = None  # the same where it was asked
    auroc: float | None = None
    low: float | None = None  # of auroc, of sentences drawn again: 95%
    high: float | None = None
    control: float | None = None  # auroc of the unit chosen for shifted labels, the mean of the draws
    control_high: float | None = None  # and the highest of them
    along: tuple[float, ...] = ()  # of places: the unit's mean in each tenth of the sentence, in standard deviations
    passages: tuple[Passage, ...] = ()


class Extreme(NamedTuple):
    """A unit at an end of an order."""

    unit: int
    value: float  # by which they are ordered


class Shape(NamedTuple):
    """What the units of a site do over the text."""

    site: str
    units: int
    dead: int  # units that never change
    saturated: float  # share of the values that are at an end of the unit's range, the mean of its units
    median: float  # variance
    highest: tuple[Extreme, ...]  # units that vary most, by variance
    lowest: tuple[Extreme, ...]  # and least, of those that change
    most_saturated: tuple[Extreme, ...]  # by that share
    never: tuple[int, ...]  # the first of the dead units


class Pushed(NamedTuple):
    """What a word before an adjective does to a unit of sentiment, on adjectives that did not choose it."""

    kind: str  # intensified or flipped
    site: str
    unit: int
    auroc: float  # good against bad adjectives, alone
    effect: (
        float  # intensified: by how much the value grows, in the gap between good and bad; flipped: share of phrases
    )
    low: float  # of adjectives drawn again: 95%
    high: float
    neutral: float  # the same of a word that should do nothing
    random: float  # of units chosen so among random ones, the mean of the draws
    example: tuple[str, float, float, float]  # adjective; value alone, after the word, after the neutral word


class Results(NamedTuple):
    """What the stages come to."""

    source: str  # the model
    cases: list[Case]
    shapes: list[Shape]
    turned: list[Pushed]
