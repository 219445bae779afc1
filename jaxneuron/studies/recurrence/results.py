"""What a run leaves, as types."""

from enum import StrEnum
from typing import Any, NamedTuple


class Ranking(StrEnum):
    """What units are ordered by."""

    MAXIMUM = "max_correlation"
    MINIMUM = "min_correlation"
    MEAN = "mean_correlation"
    REGRESSION = "linear_regression"
    EXCESS = "excess"  # of the mean correlation over that with rotated models


class End(StrEnum):
    """Which units are taken away."""

    MOST = "most"
    LEAST = "least"
    RANDOM = "random"


class OfSeed(NamedTuple):
    """A model, and how good it is."""

    seed: int
    perplexity: float  # of held-out text
    unigram: float  # that of counting words
    words: int  # of held-out text
    vocabulary: int
    parameters: int
    curves: list[dict[str, Any]]


class Scores(NamedTuple):
    """How the units of a site recur in the other models: means over the models of medians and shares."""

    site: str
    units: int  # of each model
    maximum: float
    minimum: float
    mean: float
    regression: float
    rotated: float  # the mean correlation with rotated models
    excess: float
    better: float  # share of units with a better partner among units than among rotated directions
    universal: float  # share of units with an excess above 0.5


class Alike(NamedTuple):
    """How alike the layers of two models are."""

    measure: str
    models: tuple[int, int]
    table: list[list[float]]  # [site, site]


class Erased(NamedTuple):
    """What the models lose without some units of a site: the mean over models."""

    site: str
    ranking: str  # none for random units
    end: str
    share: float  # of the site's units
    nats: float  # by which the loss per word rises
    each: list[float]  # of each model


class Found(NamedTuple):
    """A unit of a model, and what is most like it in the others."""

    model: int
    site: str
    unit: int
    mean: float
    rotated: float
    excess: float
    maximum: float
    minimum: float
    regression: float
    partner_model: int | None  # where its best partner is
    partner_site: str | None
    partner: int | None
    falls: bool  # whether the partner falls where the unit rises
    words: list[str]  # at which it is highest
    partner_words: list[str]  # at which the partner is highest, or lowest where it falls


class Results(NamedTuple):
    """What the stages come to."""

    models: list[OfSeed]
    sites: list[str]
    scores: list[Scores]
    alike: list[Alike]
    erased: list[Erased]


UNIVERSAL = 0.5
"""Excess from which on Gurnee et al. call a unit universal."""
