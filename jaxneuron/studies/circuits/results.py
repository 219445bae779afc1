"""What a run leaves, as types."""

from enum import StrEnum
from typing import NamedTuple

ORDERS = ("first", "integrated", "relevance", "dropped")
ESTIMATES = ("first", "integrated", "relevance")
"""Those with a sign."""


class Choice(StrEnum):
    """What units are chosen by."""

    EXACT = "exact"
    FIRST = "first"
    INTEGRATED = "integrated"
    RELEVANCE = "relevance"
    DROPPED = "dropped"  # GradDrop
    RANDOM = "random"


class About(NamedTuple):
    """The model and the pairs."""

    source: str
    pairs: int  # with which units are found, and as many with which they are measured
    kinds: dict[str, int]  # paradigm -> pairs
    example: tuple[str, str, str, str]  # clean and corrupted beginning, right and wrong verb
    right: float  # share of pairs in which the model prefers the right verb after the clean beginning
    flips: float  # share in which it then prefers the other after the corrupted one
    units: int
    sites: tuple[str, ...]


class Estimate(NamedTuple):
    """How well an estimate agrees with exact patching of every unit."""

    by: str
    pearson: float
    spearman: float
    blocks: dict[str, float]  # site -> Pearson's correlation


class Outputs(NamedTuple):
    """How well an estimate agrees with exact patching of what MLPs write, at each position by itself."""

    by: str
    mean: float  # over the blocks, of Pearson's correlation over pairs and positions
    blocks: dict[str, float]
    grid: float  # the correlation over blocks and positions of the means over the pairs, as in RelP's paper


class Kept(NamedTuple):
    """What so many units carry of the difference, on pairs that they were not found with."""

    by: str
    units: int
    faithfulness: float  # 1: as all units do
    low: float  # of random units, the 5th percentile of the draws; of others the same as above
    high: float


class Picture(NamedTuple):
    """The graph of the units that matter most, as the page shows it."""

    svg: str
    nodes: int
    edges: int
    agreement: float
    faithfulness: float
    through: float


class UnitEffects(NamedTuple):
    """A unit, with its effects."""

    site: str
    unit: int
    exact: float
    first: float
    integrated: float
    relevance: float
    dropped: float  # a size, without a sign


class Results(NamedTuple):
    """What the stages come to."""

    asked: About
    agreement: list[Estimate]
    outputs: list[Outputs]
    kept: list[Kept]
    graph: Picture
