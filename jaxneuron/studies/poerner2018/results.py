"""What a run finds, as it stands in `results.json` and `found.jsonl`."""

from math import nan as NAN
from typing import Any, NamedTuple

from jaxneuron.studies._captioned_quality import Perplexity, Precision

CORPUS = "corpus"
"""The method that all others are compared with."""

GUMBEL = "gumbel_softmax"
"""The best method of the paper."""


class Figures(NamedTuple):
    """One method in one setting, against corpus search on the same targets; what it has nothing of is NaN or None."""

    mean: float = NAN
    median: float = NAN
    n: int | None = None  # targets
    gain: float = NAN  # over corpus search, in standard deviations of each target
    t: float = NAN
    p: float = NAN
    d_z: float = NAN
    mean_difference: float = NAN
    d_z_gain: float = NAN
    better: int | None = None  # targets
    worse: int | None = None
    ratio: float = NAN  # of positive activations
    seconds: float = NAN
    settings: dict[str, Any] = {}  # of the method


class ModelReport(NamedTuple):
    """The model that is interpreted, and how good it is."""

    parameters: int | None = None
    vocabulary: int | None = None
    ngrams: int | None = None  # that the corpus has
    curves: list[dict[str, Any]] = []  # of its training, a row each
    perplexity: Perplexity | None = None
    words: int | None = None  # that perplexity is measured on
    average_precision: Precision | None = None


class Groups(NamedTuple):
    """The groups of units of a hidden layer."""

    count: int | None = None
    sizes: list[int] = []
    saturated: dict[str, int] = {}  # method -> groups with nothing left to gain


class Naming(NamedTuple):
    """How often the optimum of a visual unit names its object, or has a word that goes with it."""

    named: float = NAN
    associated: float = NAN
    associated_words: float = NAN  # mean share of such words


class Difference(NamedTuple):
    """A row of Table 1: what the corpus offered, and what optimisation found."""

    setting: str
    target: int
    name: str
    crp: str
    crp_score: float
    gbl: str
    gbl_score: float
    method: str = GUMBEL  # that found the last two


class Results(NamedTuple):
    """All of it; what a run has nothing of is empty."""

    results: dict[str, dict[str, Figures]]  # setting -> method
    model: ModelReport | None = None
    groups: dict[str, Groups] = {}  # setting ->
    function_words: dict[str, dict[str, float]] = {}  # setting -> method -> share of the words of the optima
    nearest_cosine: dict[str, float] = {}  # setting -> of optimised embeddings to the nearest word
    naming: dict[str, Naming] = {}  # method ->
    table1: list[Difference] = []


class Found(NamedTuple):
    """The best n-gram of a method for a target."""

    setting: str
    target: int  # unit of the projection, or rank of the group
    name: str  # what a person calls the target
    method: str
    ngram: str
    words: list[str]
    score: float
    gain: float = NAN
    step: int = 0
    proximity: float = NAN  # cosine to the nearest words, where vectors were optimised
    units: int = 1  # of the target
