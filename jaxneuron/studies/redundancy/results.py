"""What a run leaves, stage by stage: the types of `results.json` and `found.jsonl`, and the words that occur there."""

from enum import StrEnum
from typing import NamedTuple

from jaxneuron.types import Site


class Ordered(StrEnum):
    """Whose first units a probe reads."""

    SELECTED = "selected"  # of the first layers, one of each cluster, in the order of a probe of those
    RANKED = "ranked"  # all units in the order of a probe of all
    RANDOM = "random"


class Gone(StrEnum):
    """Which units of an order are taken away."""

    TOP = "top"
    BOTTOM = "bottom"
    RANDOM = "random"


class Whence(StrEnum):
    """What they are taken from."""

    PROBE = "probe"  # what a trained probe reads
    MODEL = "model"  # the model, so that all that follows is computed without them


class Threshold(NamedTuple):
    """What is left of the units where those that are near each other count once."""

    distance: float
    kept: int  # clusters
    share: float  # of all units, that are redundant
    within: list[float]  # [site], the same of each layer, clustered alone
    apart: list[float]  # [site], share of the clusters of several units that reach over so many layers, from 0


class General(NamedTuple):
    """What is redundant whatever one asks."""

    units: int
    rows: int  # tokens, or texts, that the units were correlated on
    thresholds: list[Threshold]
    similarity: list[list[float]]  # [site, site], linear CKA


class Depth(NamedTuple):
    """What a probe knows of a layer, on dev data."""

    site: Site
    alone: float  # accuracy
    below: float  # the same with all layers below


class Thinned(NamedTuple):
    """What a probe knows of one unit of each cluster."""

    distance: float
    units: int
    dev: float  # accuracy
    test: float


class Fewest(NamedTuple):
    """The fewest units that reach a share of what all reach."""

    share: float
    units: int
    dev: float  # accuracy, by which their number was chosen
    test: float
    reached: bool  # whether the share was reached on dev data; else these are all that were left


class Reads(NamedTuple):
    """What a probe knows of the first k units of an order, on test data."""

    order: Ordered
    count: int  # k
    accuracy: float


class Task(NamedTuple):
    """What one task needs."""

    name: str
    layer: str  # of labels
    each: str  # what has a label: word or text
    units: int
    classes: int
    rows: dict[str, int]  # split -> how many have a label
    majority: float  # accuracy of the most frequent class, on test data
    dev: float  # accuracy of all units
    test: float
    depths: list[Depth]
    selected: int  # layers that are kept, from the lowest on
    left: int  # units of these that are kept, one of each cluster
    fewest: list[Fewest]
    thinned: list[Thinned]
    curve: list[Reads]


class Without(NamedTuple):
    """What is left without k units of all layers."""

    whence: Whence
    gone: Gone
    count: int  # k
    accuracy: float


class Needed(NamedTuple):
    """A unit that a task needs: also a row of `found.jsonl`."""

    task: str
    place: int  # in the order, from 0
    site: Site
    unit: int
    stands_for: int  # units of its cluster, itself among them


class Results(NamedTuple):
    """What a run finds."""

    sites: list[Site] = []
    general: General | None = None
    tasks: list[Task] = []
    missed: list[Without] = []
    needed: list[Needed] = []
