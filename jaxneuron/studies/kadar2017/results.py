"""What a run finds, as it stands in `results.json` and `found.jsonl`."""

from math import nan as NAN
from typing import Any, NamedTuple

from jaxneuron.studies._captioned_quality import Perplexity, Precision

VISUAL, TEXTUAL, SUM = "visual", "textual", "sum"
"""The two pathways, and for comparison the sum of the word vectors, which knows no order."""

POSITIONS = ("first", "second", "third", "middle", "antepenult", "penult", "last")
"""Where in a sentence a word is, as the paper tells it."""

WORD, RELATION = "word", "deprel"
"""The kinds of contexts; the second is also the layer of relations."""

PART = "upos"
"""The layer of parts of speech."""

ORDERS = (1, 2, 3)


class PathwaysReport(NamedTuple):
    """The model that is interpreted, and how good it is."""

    parameters: int | None = None
    vocabulary: int | None = None
    units: int | None = None  # of each pathway
    features: int | None = None  # of a picture
    named: bool = False  # whether they have names: things that are there or not
    curves: list[dict[str, Any]] = []  # of its training, a row each
    perplexity: Perplexity | None = None
    words: int | None = None
    average_precision: Precision | None = None


class Tagger(NamedTuple):
    """How well the tagger does, on the treebank's dev and on captions of the embedded scenes."""

    words: int  # of the treebank's dev
    upos: float  # share that is right
    deprel: float
    scenes_upos: float
    scenes_deprel: float


class TextReport(NamedTuple):
    """What is analysed."""

    name: str
    captions: int
    words: int
    single: int  # captions of one word, which no word can be taken out of
    unknown: float  # share of the words that the model does not know
    parsed_by: str
    tagger: Tagger | None = None


class Quartiles(NamedTuple):
    """A box plot after Tukey: whiskers reach 1.5 times the box at most."""

    n: int
    low: float
    lower: float
    median: float
    upper: float
    high: float


class Category(NamedTuple):
    """The scores of the words with a label."""

    label: str
    scores: dict[str, Quartiles]  # network ->
    log_ratio: Quartiles  # of the visual pathway's score to the textual one's


class Predicted(NamedTuple):
    """The share of the variance of one network's scores that predictors explain, on held-out captions."""

    word: float
    position: float  # word, position and both together
    deprel: float  # word, relation and both together
    full: float  # all of these
    coefficients: dict[str, float]  # position -> its coefficient, of the last


class Function(NamedTuple):
    """The visual scores of a word with one relation."""

    word: str
    deprel: str
    median: float
    n: int


class Informed(NamedTuple):
    """How much the units of a network tell about the contexts of a kind, in bits."""

    network: str
    kind: str
    order: int
    contexts: int  # that there are
    units: Quartiles


class Ratio(NamedTuple):
    """The log of the ratio of the medians, textual to visual, with the range of 95 % of the replicates."""

    kind: str
    order: int
    log_ratio: float
    low: float
    high: float


class Example(NamedTuple):
    """A caption with the score of each word."""

    words: list[str]
    upos: list[str]
    scores: dict[str, list[float]]  # network ->


class Results(NamedTuple):
    """All of it."""

    model: PathwaysReport
    text: TextReport
    examples: list[Example]
    categories: dict[str, list[Category]]  # layer ->
    regression: dict[str, Predicted]  # network ->
    functions: list[Function]
    information: list[Informed]
    ratios: list[Ratio]


class Found(NamedTuple):
    """A context in which a unit is high."""

    network: str
    kind: str
    order: int
    unit: int
    bits: float  # that the unit tells about the contexts of this kind and order
    place: int  # of the contexts of this unit, from the highest
    words: str
    relations: str
    activation: float  # mean, in standard deviations of the unit
    n: int  # occurrences


def of(table: list[Category], label: str, network: str = "") -> float:
    """Return the median score of a label, or its median log ratio; NaN where it is not there.

    Args:
        table: of labels.
        label: which.
        network: which of them.
    """
    for row in table:
        if row.label == label:
            return row.scores[network].median if network else row.log_ratio.median
    return NAN
