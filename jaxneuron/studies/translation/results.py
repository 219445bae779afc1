"""What a run leaves, stage by stage: the types of `results.json` and `found.jsonl`."""

from enum import StrEnum
from typing import NamedTuple

from jaxneuron.types import Site


class Found(StrEnum):
    """How units were found."""

    CORRELATION = "correlation"  # with the value, at the words that bear the property
    LINEAR = "linear"  # weights of a sparse probe there
    RANDOM = "random"


class Translator(NamedTuple):
    """The model, and how well it translates."""

    sites: dict[Site, int]  # of the encoder, whose units are turned, and how many there are
    words: tuple[int, int]  # of both languages
    trained: int  # sentences
    asked: int  # others
    right: float  # share of these whose translation is right, word for word


class Telling(NamedTuple):
    """The unit that tells a property best, alone."""

    of: str
    site: Site
    unit: int
    auroc: float  # on held-out sentences, at the words that bear the property
    means: tuple[float, float]  # of both values


class Success(NamedTuple):
    """What becomes of translations when k units of a site are turned."""

    of: str
    site: Site
    by: Found
    beyond: float  # distances of the means by which units are moved more than the one
    count: int  # k
    finding: float  # share of the translations that were right which are those of the other meaning now
    held_out: float
    words: float  # of the held-out ones, where at least all words that bear the property are turned
    same: float  # and where nothing has changed


class Rewritten(NamedTuple):
    """A translation that is turned."""

    english: str
    before: str
    after: str
    wanted: str


class Switch(NamedTuple):
    """The fewest units that turn a property, chosen on the finding sentences: also a row of `found.jsonl`."""

    of: str
    site: Site
    by: Found
    beyond: float
    units: list[int]
    asked: int  # held-out sentences whose translation was right
    turned: float  # share of these that are the translations of the other meaning, word for word
    low: float  # Wilson's interval of 95%
    high: float
    words: float  # where at least the words that bear the property are turned
    same: float  # where nothing has changed
    kinds: dict[str, float]  # share that is turned, of persons and of things
    values: dict[str, float]  # and from each value
    random: float  # of as many random units of the site, the mean of the draws
    random_most: float
    whole: float  # of all units of the site
    examples: list[Rewritten]


class Results(NamedTuple):
    """What a run finds."""

    translator: Translator | None = None
    telling: list[Telling] = []
    successes: list[Success] = []
    switches: list[Switch] = []
