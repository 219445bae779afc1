"""The nouns of jaxneuron: read this page first, every other file is written in its words.

A *model* is one pure function, `Forward`; everything else says what goes in (`Tokens`), what happens
inside (`Activations`, changed by an `Edit`) and what we ask about (`Target`). See docs in each noun.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

Site = str
"""The name of one activation tensor of a model, such as `"embed"` or `"visual/gru"`.

A model's sites are the keys of the activations that its forward returns (`tap.sites`)."""

Params = Any
"""A pytree of the model's weights."""

Output = Any
"""What the model predicts; opaque to every method but the targets that read it."""

Activations = dict[Site, Float[Array, "*batch time unit"]]
"""Site -> value. The last axis is units, the one before it time (length 1 for a sentence vector)."""


class Tokens(NamedTuple):
    """Text (`ids` whole numbers), or soft words (`ids` real rows over the vocabulary).

    Padding is on the right; position -1 means the last real word. Differentiate with respect to
    `ids` alone.
    """

    ids: Int[Any, "*batch time"] | Float[Any, "*batch time vocab"]  # words, or rows that weigh words
    mask: Bool[Any, "*batch time"]  # true where there is a word


class Packed(NamedTuple):
    """Tokens with several sentences in a row, for models that keep them apart, as our transformer does."""

    ids: Int[Any, "*batch time"]
    mask: Bool[Any, "*batch time"]
    segment: Int[Any, "*batch time"]  # the sentence of each token, ascending along a row


class Pairs(NamedTuple):
    """Tokens of two texts in each row, told apart by their type, for models that learned to (BERT's on NLI and QA).

    They are read together: all words see each other. Padding as in `Tokens`.
    """

    ids: Int[Any, "*batch time"] | Float[Any, "*batch time vocab"]
    mask: Bool[Any, "*batch time"]
    types: Int[Any, "*batch time"]  # 0 in the first text, 1 in the second


class Translation(NamedTuple):
    """Two texts of each row, for an encoder-decoder: one that is read as a whole, and one that is written after it.

    What is asked of a place in the text, such as position -1, means the target's at every site but the encoder's.
    """

    source: Tokens
    target: Tokens  # begins with the word that the decoder starts from; lengths are its own

    @property
    def ids(self) -> Array:
        """The target's words."""
        return self.target.ids

    @property
    def mask(self) -> Array:
        """The target's mask."""
        return self.target.mask

    def read_at(self, site: Site) -> Tokens:
        """Return the text that a site's time axis runs along."""
        return self.source if site.startswith("encoder/") else self.target


Text = Tokens | Packed | Pairs | Translation
"""What a model reads: `Tokens`, or, where the model can, one of the others."""


@runtime_checkable
class Edit(Protocol):
    """A small frozen pytree that replaces an activation on its way."""

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the edited `value[..., unit]`.

        Args:
            value: `[batch, time, unit]` at a feed-forward site, `[batch, unit]` inside a recurrence.
            time: the positions, `[time]` at a feed-forward site, a scalar inside a recurrence.
        """
        ...


@runtime_checkable
class Forward(Protocol):
    """The whole interface between a model and every method: pure, and all in one call."""

    def __call__(self, params: Params, tokens: Any, edits: Mapping[Site, Edit]) -> tuple[Output, Activations]:
        """Run the model on `tokens` (see `Text`), with `edits` applied where they belong."""
        ...


@runtime_checkable
class Target(Protocol):
    """A small frozen pytree that reads one score per sequence: the thing a method explains."""

    def __call__(self, output: Output, activations: Activations, tokens: Text) -> Float[Array, "*batch"]:
        """Return the score of each sequence in the batch."""
        ...


class Ranking(NamedTuple):
    """Units ordered by how much they matter; built only by `ranking.ranked`."""

    score: Float[Array, "*label unit"]  # higher means the unit matters more
    order: Int[Array, "*label unit"]  # units from best to worst, ties by index


class Probe(NamedTuple):
    """A linear probe; `((activations - mean) / scale) @ weights.T + bias` are its logits.

    Many probes at once (strengths, seeds, subsets of units) have their axes before those named here.
    """

    weights: Float[Array, "*probe label unit"]  # of standardised activations; one row for a single concept
    bias: Float[Array, "*probe label"]
    mean: Float[Array | np.ndarray, "unit"]  # 0 where nothing was standardised; float64 if the activations were
    scale: Float[Array | np.ndarray, "unit"]  # 1 where nothing was standardised, or where a unit never changes
    settings: dict[str, Any]  # how it was fitted


class Found(NamedTuple):
    """The inputs that drive each target most; what every `find` returns."""

    tokens: Tokens  # [target, k, time], best first
    score: Float[Array, "target k"]  # the discrete score, from the unrelaxed model; -inf where fewer than k, and NaN
    # where no input had a number; there the mask is false and the step -1
    step: Int[Array, "target k"]  # the step that found it (corpus search: the row of its n-gram)
    proximity: Float[Array, "target k"]  # how close the relaxed input was to these words, 1 for a real n-gram:
    # mean over positions of the cosine (embedding) or of the word's share of the weight (the others)
    trace: Float[Array, "target epoch"]  # the best discrete score at each epoch's end (corpus search: no epoch)
    optimal: Int[Any, "target k"] | None = None  # how many words may be replaced at once without a higher score, all
    # candidates tried: 0 where they were not, or where that gives more; None of a method that never tries them all
    work: Float[Array, "target"] | None = None  # forward passes for each target: a gradient counts as two more, and
    # what targets share is divided among them; None where nobody counted


class Path(NamedTuple):
    """What an integral along a straight path attributes, and by how much its sum misses what changed.

    Many sites at once: both fields are dicts, site -> value.
    """

    attribution: PyTree[Float[Array, "batch *feature"]]  # in the score's unit
    error: PyTree[Float[Array, "batch"]]  # sum(attribution) - (f(x) - f(baseline)), signed


class Factors(NamedTuple):
    """Activations explained by fewer numbers; what every `decompose` returns."""

    codes: Float[Array, "token factor"]
    basis: Float[Array, "factor unit"]  # clusters of units: one row of zeros and ones per cluster
    settled: bool | Bool[Array, ""] = True  # whether more steps would change nothing; false where they ran out


class Matches(NamedTuple):
    """How much of each unit is found in other models; what every `compare` returns.

    Of a method that compares whole layers, each unit is a layer. The units of several other models are counted through.
    """

    score: Float[np.ndarray, "unit"]  # 0, not at all, to 1
    partner: Int[np.ndarray, "unit"]  # the other unit that is most like it; -1 where none is at all
    table: Float[np.ndarray, "unit other"]  # what the score is made of: how much each is like each other one


class Vocabulary(NamedTuple):
    """The words a model knows; the index in `words` is the id."""

    words: tuple[str, ...]  # specials first
    counts: np.ndarray  # [vocab], occurrences in the training text, 0 for specials


class Corpus(NamedTuple):
    """Text with what is known about it. Lives on the host."""

    sentences: list[list[str]]  # the words, as strings
    labels: dict[str, np.ndarray]  # name -> [sentence, ...] or [sentence, time, ...]
    tokens: Tokens | None = None  # [sentence, time], numpy, once a vocabulary has encoded it
