"""What a run leaves, stage by stage: the types of `results.json` and of `found.jsonl`, and the words that occur there.

What is told apart is told apart by a value of an enumeration, which is its own string in JSON. Rankings are modules of
`jaxneuron.rank`, see `methods`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from jaxneuron.studies.concepts.methods import Method
from jaxneuron.types import Site


class Extent(StrEnum):
    """Whose units are ranked."""

    ALL = "all"  # those of all layers, side by side
    LAYER = "layer"  # those of one layer


class Reader(StrEnum):
    """What reads a few units."""

    LINEAR = "linear"
    GAUSSIAN = "gaussian"


class Direction(StrEnum):
    """Which units of a ranking."""

    TOP = "top"
    BOTTOM = "bottom"
    RANDOM = "random"


class Place(StrEnum):
    """Where units are taken from."""

    REPRESENTATION = "representation"  # from what a trained probe reads
    MODEL = "model"  # so that all that follows is computed without them


class Accuracy(NamedTuple):
    """What a linear probe of all units knows of a property."""

    layer: str  # of labels
    units: int
    classes: int
    words: dict[str, int]  # split -> how many
    dev: float  # share of the words told right
    test: float
    information: float  # bits about the class, on test words
    entropy: float  # bits of the class
    majority: float  # always the most frequent class
    lexicon: float  # the most frequent class of the word


class Layer(NamedTuple):
    """What a linear probe of one layer knows."""

    site: Site
    accuracy: float  # on test words
    control: float  # with random labels for word types
    dev: float | None = None  # accuracy on dev words
    concatenated: float | None = None  # the same with all layers below
    deviation: float | None = None  # of the control, over draws of its labels
    bits: float | None = None  # of an online code, per word
    compression: float | None = None  # uniform code / online code

    @property
    def selectivity(self) -> float:
        """What the probe owes to the layer instead of its own memory."""
        return self.accuracy - self.control


class Smallest(NamedTuple):
    """The fewest units of a ranking that are enough."""

    units: int
    share: float  # of the accuracy of all that is enough
    accuracy: float  # on test words
    counts: list[int]  # that were tried
    dev: list[float]  # their accuracy on dev words


class Property(NamedTuple):
    """The numbers of one layer of labels."""

    classes: int
    majority: float
    lexicon: float
    accuracy: float  # of all units
    minimal: Smallest


class Selective(NamedTuple):
    """What the first units know of the property, and of a control task."""

    count: int
    accuracy: float
    control: float

    @property
    def selectivity(self) -> float:
        """The distance of the two."""
        return self.accuracy - self.control


class Class(NamedTuple):
    """One class in the probe of all units."""

    name: str
    words: int  # of it among test words
    recall: float | None  # None: there is none
    units: int  # that hold half of its weight
    by_layer: list[int]  # [site], where these are
    first: list[str]  # of these, as "site unit"


class Spread(NamedTuple):
    """Where the first units are."""

    count: int
    share: list[float]  # [site]


class Point(NamedTuple):
    """What a probe knows of the first, last or random k units of a ranking."""

    scope: Extent
    probe: Reader
    ranking: str
    direction: Direction
    count: int  # k
    accuracy: float  # on test words
    information: float  # bits about the class


class Example(NamedTuple):
    """What a unit responds to: also a row of `found.jsonl`."""

    name: str  # of the class
    site: Site
    unit: int
    sign: int  # 1 where it rises with the class, -1 where it falls
    correlation: float  # with the class
    words: list[str]  # where it is highest on average, or lowest
    score: float  # its mean at the first of them


class Agreement(NamedTuple):
    """How far rankings agree on their first units."""

    methods: list[str]
    count: int
    overlap: list[list[float]]  # [method, method], share of these units
    mean_overlap: float
    average_overlap: dict[str, float]  # method -> mean Jaccard index with the others
    neuron_vote: dict[str, float]  # method -> Jaccard index with the vote of the others


class Lost(NamedTuple):
    """What is left without k units."""

    place: Place
    ranking: str
    direction: Direction
    count: int  # k
    accuracy: float | None = None  # of the probe that has lost them
    accuracy_at_mean: float | None = None  # the same where they are at their means
    property: float | None = None  # inside the model: accuracy of a probe after the last layer
    flips: float | None = None  # share of the words that it tells otherwise
    perplexity: float | None = None  # of the words that a language model predicts
    word_accuracy: float | None = None
    word_flips: float | None = None
    divergence: float | None = None  # bits from the prediction with all units


class Pair(NamedTuple):
    """How many of the first units of a class are the same in two languages."""

    one: str
    other: str
    overlap: float  # mean over the classes that both have
    classes: int  # that both have
    p: float | None  # of an overlap as large by chance


class Shared(NamedTuple):
    """One class in all languages."""

    name: str
    overlap: list[float]  # [pair]
    units: list[str]  # among the first in every language, as "site unit"


class Recurrence(NamedTuple):
    """Which units recur in other languages."""

    count: int  # first units of a class
    chance: float  # overlap of two random sets
    pairs: list[Pair]
    classes: list[Shared]


class Results(NamedTuple):
    """What a run finds; a part that it has no figures for is empty."""

    sites: list[Site] = []
    accuracy: Accuracy | None = None
    layers: list[Layer] = []
    layer: Site | None = None  # that is studied by itself
    seconds: dict[str, float] = {}  # method -> time to rank all units
    properties: dict[str, Property] = {}  # layer of labels -> its numbers
    selective: list[Selective] = []
    classes: list[Class] = []
    where: Spread | None = None
    curves: list[Point] = []
    examples: list[Example] = []
    agreement: Agreement | None = None
    ablation: list[Lost] = []
    languages: Recurrence | None = None


Key = tuple[str, Direction]
"""A ranking, and which of its units."""


def of(points: Iterable[Point], scope: Extent, probe: Reader) -> list[Point]:
    """Return the points of one figure.

    Args:
        points: of all figures.
        scope: of the figure.
        probe: which kind of probe reads.
    """
    return [point for point in points if point.scope is scope and point.probe is probe]


def near(points: Iterable[Point], count: int) -> dict[Key, Point]:
    """Return the points of one figure with about so many units; none if there are none."""
    points = list(points)
    counts = sorted({point.count for point in points}, key=lambda k: (abs(k - count), k))
    return {(point.ranking, point.direction): point for point in points if point.count == counts[0]}


def tops(points: dict[Key, Point]) -> dict[str, float]:
    """Return the accuracy that each ranking's first units reach."""
    return {ranking: point.accuracy for (ranking, direction), point in points.items() if direction is Direction.TOP}


CHANCE: Key = (Method.RANDOM, Direction.RANDOM)
"""The key of random units."""
