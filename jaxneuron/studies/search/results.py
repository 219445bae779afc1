"""What a run leaves, as types."""

from typing import NamedTuple

KINDS = ("units", "random directions", "shuffled weights")
"""What is searched; the last two are controls."""


class Requested(NamedTuple):
    """A model, and what is searched in it."""

    model: str
    site: str
    targets: int
    words: int  # that an n-gram may be made of
    length: int
    longer: int  # words of a fluent text
    ngrams: int  # of the corpus
    language: str  # what says how likely a text is: own, or corpus
    cross_entropy: float  # of the n-grams as long as fluent texts, read alone: the mean, nats for each word
    in_context: float | None  # of each word behind all that precedes it in its text; None: no language model


class Point(NamedTuple):
    """A method at one budget, with one seed: a point of its curve."""

    model: str
    kind: str  # see KINDS
    method: str
    seed: int
    budget: int  # from 0, ascending
    rate: float | None  # learning rate, of the methods that have one: the best of those tried
    passes: float  # forward passes for each target; a gradient counts 2 more, what targets share is divided
    ratio: float  # of the way from the corpus's mean to the highest score that any run found, the mean over targets
    reached: float  # share of the targets where it is that score
    excess: float  # above the corpus's mean, in the corpus's standard deviations, the median over targets
    sure: float | None  # share with a certificate; None of a method without
    seconds: float


class Pairs(NamedTuple):
    """Texts of two words, of which all are tried."""

    model: str
    targets: int
    reached: float  # share of the targets where `best` found the optimum
    ratio: float  # to the optimum, the mean
    passes: float


class Level(NamedTuple):
    """How strong texts are that are so likely."""

    factor: float | None  # the level, as a multiple of the cap; None: no bound
    share: float  # of the targets that reach the corpus's maximum
    excess: float  # median over the targets, see `Point`


class Fluent(NamedTuple):
    """Fluent texts, at a cap of cross-entropy."""

    model: str
    cap: float
    of: str  # what the cap is: the mean of the n-grams "alone" or "in context"
    share: float  # of the targets that reach the corpus's maximum at no more than the cap
    chance: float  # of the targets, those whose best n-gram of the corpus is itself no less likely
    levels: list[Level]


class ShownText(NamedTuple):
    """A text, and what each of its words contributes."""

    by: str  # the method, or "corpus"
    words: list[str]
    parts: list[float]  # how much lower the score is without each word
    score: float
    percentile: float  # of the corpus's n-grams, those that score lower
    cross_entropy: float | None
    optimal: int | None  # how many words may be replaced at once without a higher score; None: not tried


class Shown(NamedTuple):
    """The best inputs of a unit."""

    model: str
    site: str
    unit: int
    name: str | None  # the word of a projection's unit
    corpus: float  # the highest score of an n-gram
    spread: float  # the corpus's standard deviation
    texts: list[ShownText]


class Results(NamedTuple):
    """What the stages come to."""

    asked: list[Requested]
    points: list[Point]
    pairs: list[Pairs]
    fluent: list[Fluent]
    shown: list[Shown]
