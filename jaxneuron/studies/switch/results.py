"""What a run leaves, stage by stage: the types of `results.json` and `found.jsonl`, and the words that occur there."""

from enum import StrEnum
from typing import NamedTuple

from jaxneuron.types import Site


class Picked(StrEnum):
    """Whose first units are turned."""

    EFFECT = "effect"  # ordered by what each alone does to the finding pairs
    CORRELATION = "correlation"  # ordered by the correlation of the unit with the value
    RANDOM = "random"


class Forcing(StrEnum):
    """Which units are forced."""

    EXPERTS = "experts"
    RANDOM = "random"


class Studied(NamedTuple):
    """A model of the run."""

    name: str
    sites: dict[Site, int]  # where units are turned, and how many there are
    experts: list[Site]  # where units are forced
    words: int  # in its vocabulary
    perplexity: float  # a symbol, on ordinary text
    symbol: str


class Preferred(NamedTuple):
    """How good a model is at a property before anything is turned."""

    model: str
    of: str  # number or tense
    finding: int  # pairs
    held_out: int
    left_out: int  # pairs that it cannot read
    right_finding: float  # share whose right form it prefers
    right_held_out: float


class Turned(NamedTuple):
    """What becomes of pairs when k units of a site are turned."""

    model: str
    of: str
    site: Site
    by: Picked
    beyond: float
    count: int  # k
    finding: float  # share of the pairs that were right, in which the other form is preferred now
    held_out: float
    rise: float  # of the perplexity of ordinary text, as a share, if they are turned at each word


class Switched(NamedTuple):
    """The fewest units that turn a property, chosen on the finding pairs: also a row of `found.jsonl`."""

    model: str
    of: str
    site: Site
    beyond: float
    units: list[int]
    flipped: float  # share of the held-out pairs that were right
    of_all: float  # share of all held-out pairs, those that were wrong included
    right: float  # share of the held-out pairs that were right
    pairs: int
    kinds: dict[str, float]  # the same share by kind of subject
    values: dict[str, float]  # and by value
    rise: float
    random: float  # share that as many random units of the site flip, on average
    random_most: float  # and at most
    random_rise: float
    mirrored: float  # share that flips where units are mirrored instead


class Forced(NamedTuple):
    """What a model writes while k units are forced."""

    model: str
    concept: str
    forcing: Forcing
    count: int  # k
    share: float  # of the words written, those of the concept
    texts: float  # of the texts, those with such a word
    log_odds: float  # of such a word, less those without a forced unit
    perplexity: float  # a symbol of what was written, in the model as it is
    example: str


class Detected(NamedTuple):
    """How well the first experts detect a concept."""

    model: str
    concept: str
    sentences: int  # that have it
    share: float  # of all sentences
    precision: float  # average precision of the first expert
    units: list[str]  # the first five, as site:unit


class Results(NamedTuple):
    """What a run finds."""

    models: list[Studied] = []
    asked: list[Preferred] = []
    turned: list[Turned] = []
    switched: list[Switched] = []
    detected: list[Detected] = []
    forced: list[Forced] = []
