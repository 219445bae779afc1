"""The record of a unit: what it is, what makes it fire, what that is worth, and how sure one can be.

One record serves units, groups of units, directions and the features of a dictionary. What was not asked is absent: a
field that is None or empty is left out of the JSON. `unit.schema.json` says the same to other programs.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

Numbers = Sequence[float] | np.ndarray
Kind = Literal["unit", "group", "direction", "feature"]
Sign = Literal["+", "-"]


class Estimate(NamedTuple):
    """A figure, and how sure it is."""

    value: float
    low: float | None = None  # the interval, of 95% unless a note of the page says otherwise
    high: float | None = None


class Weights(NamedTuple):
    """What the weights of a unit alone say."""

    input_norm: float | None = None
    output_norm: float | None = None
    bias: float | None = None
    input_output_cosine: float | None = None
    gate_output_cosine: float | None = None
    kind: str = ""  # the class that the cosines make it: "enrichment", "depletion", ...


class Identity(NamedTuple):
    """Which unit of which model."""

    model: str
    site: str
    unit: int  # its number among those of its site and kind
    kind: Kind = "unit"
    name: str = ""  # of a group, a direction or a feature
    fingerprint: str = ""  # of the model's weights
    members: Sequence[int] = ()  # of a group: its units
    vector: Numbers = ()  # of a direction or a feature: one number for each unit of the site
    weights: Weights | None = None


class Source(NamedTuple):
    """The text that was read."""

    name: str
    hash: str
    split: str = ""
    texts: int | None = None
    words: int | None = None


class Provenance(NamedTuple):
    """What was run, on what: enough to run it again."""

    corpus: Source
    command: str
    seed: int
    versions: Mapping[str, str]  # package -> version
    dtype: str = "float32"
    created: str = ""  # a date, which nothing else depends on


class Distribution(NamedTuple):
    """How the values of a unit are spread over the corpus."""

    count: int  # words that were read
    mean: Estimate
    variance: float
    minimum: float
    maximum: float
    density: Estimate | None = None  # share of the words at which it is on: its value is above 0
    skewness: float | None = None
    kurtosis: float | None = None
    levels: Numbers = ()  # [quantile] shares, ascending
    quantiles: Numbers = ()  # [quantile] the values below which those shares lie
    edges: Numbers = ()  # [bin + 1] of the histogram, ascending
    counts: Sequence[int] | np.ndarray = ()  # [bin]
    saturated: float | None = None  # share of the words at which it is at an end of its range
    dead: bool = False  # never on


class SignCase(NamedTuple):
    """Of a gated unit: the words at which gate and input have these signs."""

    gate: Sign
    input: Sign
    frequency: float
    mean: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    examples: Sequence["Example"] = ()


class Example(NamedTuple):
    """A place in the corpus, with the words around it and the unit's value at each."""

    text: int  # number of the text
    word: int  # place of the word among `tokens`
    tokens: Sequence[str]
    values: Numbers  # one for each of the tokens
    start: int = 0  # number of the first token in its text
    label: str = ""
    split: str = ""


class Bin(NamedTuple):
    """A range of values, how much of the corpus lies in it, and some of that at random."""

    lower: float
    upper: float
    count: int  # words in it
    fraction: float  # of all words
    drawn: int  # examples, drawn at random from those words
    examples: Sequence[Example] = ()


class Polarity(NamedTuple):
    """One side of a unit: where it is highest (or lowest), and then range by range."""

    top: Sequence[Example]  # the farthest first
    bins: Sequence[Bin] = ()  # from the far end to the middle


class Examples(NamedTuple):
    """Both sides of a unit."""

    positive: Polarity | None = None
    negative: Polarity | None = None
    duplicates: str = ""  # what was done about them


class BestInput(NamedTuple):
    """What a search found to make it fire most."""

    method: str
    tokens: Sequence[str]
    activation: float
    sign: Sign = "+"
    percentile: float | None = None  # 0 to 100, among the words of the corpus
    certificate: str = ""  # what is known about better ones


class Scored(NamedTuple):
    """A token and its score."""

    token: str
    value: float


class Written(NamedTuple):
    """What a unit writes to the output, by one method."""

    method: str  # "vocabulary", "token_change", "jacobian_lens", ...
    top: Sequence[Scored]
    bottom: Sequence[Scored] = ()
    null_quantile: float | None = None  # where its strongest token lies among those of random directions


class Concept(NamedTuple):
    """A concept or formula that a unit goes with."""

    formula: str
    measure: str  # "average precision", "iou", ...
    held_out: Estimate  # on text that had no say in it
    control: Estimate | None = None  # the same with permuted labels
    score: float | None = None  # on the text that it was found in
    p: float | None = None


class Figure(NamedTuple):
    """What a measure says, and what it says of a control."""

    measure: str
    score: Estimate
    control: Estimate | None = None


class Description(NamedTuple):
    """A sentence about a unit, and how well it foretells the unit's values."""

    text: str
    source: str  # how it was made
    measure: str = ""  # "correlation", "auroc", "detection", ...
    score: Estimate | None = None  # on held-out text
    control: Estimate | None = None  # of the description of another unit, or of permuted text
    split: str = ""  # what it was scored on
    others: Sequence[Figure] = ()  # what other measures say


class Change(NamedTuple):
    """A word of which the probability changes."""

    token: str
    before: float
    after: float


class Effect(NamedTuple):
    """What happens if the unit is changed."""

    method: str  # "zero", "mean", ...
    loss: Estimate | None = None  # the new loss minus the old, in nats a word
    divergence: Estimate | None = None  # Kullback-Leibler, in nats
    words: Sequence[Change] = ()  # most changed first
    turned: Estimate | None = None  # of a model without a head: 1 - cosine of its last vectors with and without
    at: str = ""  # the site of these vectors


class Neighbour(NamedTuple):
    """Another unit, and how it is near."""

    site: str
    unit: int
    measure: str  # "correlation", "cosine of inputs", "cosine of outputs", "cluster", "upstream", "downstream"
    value: float
    kind: Kind = "unit"
    shared: int | None = None  # exemplars in common


class Recurrence(NamedTuple):
    """The unit of another model that is most alike."""

    model: str  # or a seed of training
    site: str
    unit: int
    correlation: float
    baseline: float | None = None  # the same in a random rotation of the other model


class Unit(NamedTuple):
    """All that is known about a unit."""

    identity: Identity
    provenance: Provenance
    distribution: Distribution
    sign_cases: Sequence[SignCase] = ()
    examples: Examples | None = None
    inputs: Sequence[BestInput] = ()
    writes: Sequence[Written] = ()
    concepts: Sequence[Concept] = ()  # the best first
    descriptions: Sequence[Description] = ()  # the best first
    effects: Sequence[Effect] = ()
    neighbours: Sequence[Neighbour] = ()  # the nearest first
    recurrence: Sequence[Recurrence] = ()
