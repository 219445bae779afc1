"""The rankings that this study names: what a person calls them, and how they work."""

from enum import StrEnum
from typing import NamedTuple


class Method(StrEnum):
    """Modules of `jaxneuron.rank`, and what they are compared with; a preset may name any other module of `rank`."""

    LINEAR = "linear"
    GAUSSIAN = "gaussian"
    LATENT_VARIABLE = "latent_variable"
    PROBELESS = "probeless"
    MEAN_SELECT = "mean_select"
    IOU = "iou"
    AVERAGE_PRECISION = "average_precision"
    CORRELATION = "correlation"
    MUTUAL_INFORMATION = "mutual_information"
    FOREST = "forest"
    SINGLE_NEURON = "single_neuron"
    RANDOM = "random"  # the mean of a few random orders
    NOTHING = "nothing"  # all units are there


class Described(NamedTuple):
    """A ranking in words."""

    name: str
    how: str  # it works


METHODS: dict[str, Described] = {
    Method.LINEAR: Described("linear probe", "weight mass of a probe that reads all units (Dalvi et al. 2019)"),
    Method.GAUSSIAN: Described("Gaussian probe", "greedy choice by a generative probe (Torroba Hennigen et al. 2020)"),
    Method.LATENT_VARIABLE: Described(
        "latent variable probe", "a probe that learns which units to read (Stańczak et al. 2023)"
    ),
    Method.PROBELESS: Described("probeless", "how far apart the means of the classes are (Antverg and Belinkov 2022)"),
    Method.MEAN_SELECT: Described("mean select", "difference of the means, as a share of the range (Fan et al. 2023)"),
    Method.IOU: Described("IoU", "overlap of where a unit is active with where a class is (Mu and Andreas 2020)"),
    Method.AVERAGE_PRECISION: Described("average precision", "how well a unit detects a class (Suau et al. 2020)"),
    Method.CORRELATION: Described("correlation", "point-biserial, with each class"),
    Method.MUTUAL_INFORMATION: Described("mutual information", "bits that a unit tells about the class, in bins"),
    Method.FOREST: Described("random forest", "Gini importance"),
    Method.SINGLE_NEURON: Described("one unit alone", "accuracy of a classifier of this unit only"),
    Method.RANDOM: Described("random units", "the mean of a few random orders"),
}
"""In the order of the colours."""


def described(ranking: str) -> Described:
    """Return a ranking in words; one that has none is called what its module is.

    Example:
        >>> described("iou").name, described("my_method").name
        ('IoU', 'my_method')
    """
    return METHODS.get(ranking, Described(ranking, ""))
