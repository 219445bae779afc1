"""What a run leaves, stage by stage: the types of `results.json` and of `found.jsonl`, and the words that occur there.

What is told apart is told apart by a value of an enumeration, which is its own string in JSON.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from jaxneuron.corpora.hypotheses import Fault, Hypothesis
from jaxneuron.studies.dni2018.options import Subject
from jaxneuron.types import Site


class Group(StrEnum):
    """What a hypothesis is about."""

    LEVEL = "level"  # of nesting
    DIGIT = "digit"  # the value of one
    RULE = "rule"  # of a grammar
    NODE = "node"  # of a parse tree
    SYMBOL = "symbol"
    PARSER = "parser"
    GIVEN = "given"  # by the user


class Mark(StrEnum):
    """Which symbols of a node a hypothesis holds of."""

    NONE = ""  # it is about no node
    RANGE = "range"  # all
    IMPULSE = "impulse"  # the first and the last


class Answer(StrEnum):
    """What a hypothesis answers with."""

    BINARY = "binary"  # a truth value, or a class: scored by balanced accuracy
    REAL = "real"  # a number: scored by R²


class Way(StrEnum):
    """What is done to units while the model reads."""

    REMOVE = "remove"  # set to nought
    ORACLE = "oracle"  # the label in their place, from -1 to 1
    OWN_MEANS = "own means"  # the label in their place, between each unit's own means


class Units(StrEnum):
    """Which units something is done to."""

    NONE = "none"
    RANDOM = "random"
    TOP = "top"


class Held(StrEnum):
    """What units are held at while the model writes."""

    NOTHING = ""
    ONE = "1"
    SIDE = "side"  # at 1 or -1, whichever goes with the hypothesis


class Quality(NamedTuple):
    """How good the model is."""

    bits: float  # per symbol, on test text
    accuracy: float  # share of symbols that were the likeliest ones
    symbols: int  # predicted
    n_gram: float  # bits per symbol of interpolated Kneser-Ney, trained on the same text
    vocabulary: int  # symbols that the model knows
    parameters: int
    trained_on: int | None = None  # symbols; None of a model that was given
    curves: list[dict[str, Any]] = []  # of the training, a row for each epoch: name of a measure -> value


class Scored(NamedTuple):
    """How much was scored."""

    symbols: int
    units: int
    hypotheses: int
    folds: int
    seconds: float | None = None


class UnitScore(NamedTuple):
    """How well one unit tells a hypothesis."""

    unit: int
    score: float  # balanced accuracy, or R²
    accuracy: float  # plain accuracy, or R²
    sign: int  # 1 where the unit rises with the label, -1 where it falls


class Told(NamedTuple):
    """How well single units tell a hypothesis."""

    hypothesis: str
    group: Group
    line: str  # what it is about: hypotheses of one line differ in their mark
    mark: Mark
    kind: Answer
    share: float  # mean label: of a truth value, how often it holds
    best: float  # the highest score of a unit
    accuracy: float  # the highest plain accuracy
    majority: float | None  # plain accuracy of always the same answer; None of a number
    cell: float  # the highest score of a cell state
    top: list[UnitScore]  # the best first
    sorted: list[float | None]  # [unit], every unit's score, the best first
    sorted_accuracy: list[float | None]  # [unit]


class Intact(NamedTuple):
    """How well the model as it is predicts the type of the next symbol."""

    accuracy: float
    by_class: dict[str, float | None]  # type -> share predicted right
    mass: dict[str, float | None]  # type -> mean probability of it where it comes next, among all types
    count: dict[str, int]  # type -> how often it comes next


class Removed(NamedTuple):
    """How well it does after something is done to k units."""

    feature: str | None  # whose units; None of random ones
    way: Way
    units: Units
    count: int  # k
    accuracy: float  # of random units, the mean over the sets
    as_low: float | None = None  # of top units: the share of random sets with no more
    low: float | None = None  # of random units: 95% interval of the mean
    high: float | None = None
    least: float | None = None  # and the extremes
    most: float | None = None


class Removal(NamedTuple):
    """The numbers of Figure 5."""

    classes: list[str]  # types of symbols
    intact: Intact
    rows: list[Removed]

    def top(self, feature: str, way: Way, count: int) -> Removed | None:
        """Return the row of the top units of a feature.

        Args:
            feature: which.
            way: how they are changed.
            count: how many units.
        """
        return self._find(feature, way, Units.TOP, count)

    def random(self, count: int) -> Removed | None:
        """Return the row of so many random units, removed."""
        return self._find(None, Way.REMOVE, Units.RANDOM, count)

    def _find(self, *key: Any) -> Removed | None:
        return next((row for row in self.rows if (row.feature, row.way, row.units, row.count) == key), None)


class Written(NamedTuple):
    """What the model writes while k units are held."""

    feature: str
    units: Units
    held: Held
    count: int  # k
    rate: float  # of what is counted, for each 100 symbols; of random units, the mean over the sets
    what: str  # is counted
    symbols: int  # written
    example: str  # the beginning of the longest text
    as_high: float | None = None  # of top units: the share of random sets with no less
    low: float | None = None  # of random units: 95% interval of the mean
    high: float | None = None
    least: float | None = None  # and the extremes
    most: float | None = None


class View(NamedTuple):
    """The best unit of a hypothesis over a text."""

    hypothesis: str
    group: Group
    unit: int
    score: float
    sign: int
    text: str
    activation: list[float | None]  # [symbol], from -1 to 1
    label: list[float | None]  # [symbol], from 0 to 1


class Match(NamedTuple):
    """A passage in which the same units are on, with the text around it."""

    text: str
    start: int  # of the passage, in the text
    stop: int
    shared: int  # of the units are on throughout
    jaccard: float  # of them and all units that are on there


class Matching(NamedTuple):
    """A passage in which a hypothesis holds, and others that are like it to the model."""

    text: str
    start: int
    stop: int
    hypothesis: str
    threshold: float  # from here on a unit is on
    units: list[int]  # that are on throughout
    matches: list[Match]


class Found(NamedTuple):
    """A row of `found.jsonl`: a unit that tells a hypothesis, and the text that ends where it is highest."""

    hypothesis: str
    site: Site
    unit: int
    sign: int  # of a unit that falls with the hypothesis, -1: it is lowest there
    score: float  # as in `UnitScore`
    window: str
    activation: float  # at the last symbol


class Results(NamedTuple):
    """What a run finds; a part that it has no figures for is empty."""

    language: Subject
    site: Site = ""
    features: list[str] = []  # the first is that of Figure 5
    quality: Quality | None = None
    scored: Scored | None = None
    faults: list[Fault] = []
    relevance: list[Told] = []
    removal: Removal | None = None
    writing: list[Written] = []
    asked: Mapping[str, list[str]] = {}  # feature -> the hypotheses whose units are ranked by their mean score
    views: list[View] = []
    matching: Matching | None = None


def of_group(rows: Iterable[Told], group: Group, mark: Mark | None = None) -> list[Told]:
    """Return the hypotheses of a group, of all marks or of one.

    Args:
        rows: of all hypotheses.
        group: which.
        mark: which; None: all.
    """
    return [row for row in rows if row.group is group and (mark is None or row.mark is mark)]


def of_hypothesis(rows: Iterable[Told], hypothesis: Hypothesis) -> list[Told]:
    """Return the row of a hypothesis; none if it failed or nothing in the text is of its kind."""
    return [row for row in rows if row.hypothesis == hypothesis.name]
