"""What a run leaves, as types."""

from typing import NamedTuple

STATIC = "static vectors"
"""What they are called beside models."""

GAMMAS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Average precisions from which a unit is an expert."""


class Origin(NamedTuple):
    """Where units come from."""

    name: str
    units: int  # of one layer
    what: str  # static, masked or causal
    known: float  # share of the text's words that it has a vector of its own for; of models that read pieces 1


class Importance(NamedTuple):
    """What a classifier of static vectors loses without one unit."""

    task: str
    words: int  # to test on
    classes: int
    dropout: bool  # whether it was trained with
    without: list[int]  # units that it never saw
    accuracy: float
    majority: float
    importance: list[float]  # [unit], by how much its loss grows where the unit is nought, as a share of the loss
    at_mean: list[float]  # [unit], the same where it is at its mean
    effective: float  # how many units would share the importance if all had the same: exp of its entropy


class Few(NamedTuple):
    """What a Gaussian probe tells of a property from k units."""

    of: str
    source: str
    count: int  # k
    accuracy: float  # on test words
    told: float  # share of the property's entropy
    majority: float


class Localised(NamedTuple):
    """How many units hold half of the weight of a class, in a sparse linear probe."""

    source: str
    name: str  # of the class
    units: int
    of: int  # units in all
    words: int  # of the class, to test on
    recall: float | None


class Block(NamedTuple):
    """In which blocks the first units of a property lie."""

    of: str
    source: str
    sites: list[str]
    share: list[float]  # [site] of the first units
    depth: float  # the mean place of these, 0 at the words' vectors and 1 after the last block
    accuracy: float  # of the probe


class Component(NamedTuple):
    """A part of a block."""

    source: str
    site: str
    block: int
    part: str  # heads, attention, mlp/hidden, mlp or residual
    units: int
    accuracy: float | None  # of a linear probe of the first property
    experts: list[float]  # [gamma], share of the units that are experts of a concept
    best: list[float]  # [concept], the highest average precision of a unit


class Expert(NamedTuple):
    """How many of a model's units are experts from an average precision on."""

    source: str
    gamma: float
    units: float  # share that are experts of a concept
    concepts: float  # share that have an expert
    shuffled: float  # share of units, where concepts are of other sentences


class Results(NamedTuple):
    """What the stages come to."""

    sources: list[Origin] = []
    frequent: list[float] = []  # [unit of the static vectors], rank correlation with how frequent the word is
    erased: list[Importance] = []
    few: list[Few] = []
    classes: list[Localised] = []
    blocks: list[Block] = []
    parts: list[Component] = []
    experts: list[Expert] = []
