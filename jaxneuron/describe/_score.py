"""How well do descriptions foretell what units do on text that had no say in them?

Correlation, area under the ROC curve, and the two questions of Paulo, Mallen, Juang and Belrose 2024, "Automatically
Interpreting Millions of Features in Large Language Models" (arXiv 2410.13928): *detection*, which texts, of those of
about one length, does the unit go far out in, and *fuzzing*, is the marked word the one. There a language model says
yes or no of a few drawn cases; here a description gives a number, and all cases count: the share of pairs of a right
and a wrong case of which the right one is foretold to be farther out, equal ones counting half.

Intervals are by texts, since words of a sentence are alike. That of a correlation is the linear jackknife over texts,
on the scale of Fisher's z. The variance of such a share of pairs is at most `share (1 - share) / n` with n right cases
(van Dantzig 1951), so its interval is Wilson's of n cases, where n counts texts: `(Σ c)² / Σ c²` of c right cases each.
Intervals are of one unit each: of many, the best is best by chance, too.

The control is what the descriptions of other units get for the unit. If there are no others, it is a description laid
beside the wrong words.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, batching
from jaxneuron._wilson import NORMAL, wilson
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _correlated, _extremes, _pairs, _ranks, _words
from jaxneuron.describe._nouns import Described, Measured, Scored
from jaxneuron.describe._words import Words
from jaxneuron.table import Checked, Table, spans

COPIES = 12
"""Arrays of the size of a block, in double precision, that are held at a time."""


class _Controls(NamedTuple):
    """Descriptions of other units, as one foretells them on this text."""

    owner: Int[np.ndarray, "control"]  # the unit that each describes; -1: laid beside the wrong words
    standard: Float[np.ndarray, "token control"]  # of mean 0 and variance 1
    below: Float[np.ndarray, "token control"]  # how many words are foretold lower
    text_below: Float[
        np.ndarray, "text control"
    ]  # the same for the highest words of texts of about one length, by `_pairs.lengths`
    within: Float[np.ndarray, "token control"]  # the same among the other words of the text, 0 to 1


class _Cases(NamedTuple):
    """Where the units of a block are far out, on the side that is described, and what is foretold."""

    value: Float[np.ndarray, "unit token"]
    foretold: Float[np.ndarray, "unit token"]
    word: Bool[np.ndarray, "unit token"]
    text: Bool[np.ndarray, "unit text"]


def score(
    key: Array,
    described: Described,
    activations: Table,
    text: Labelled,
    *,
    share: float = 0.01,
    exemplars: int = 50,
    controls: int = 40,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Scored:
    """Set what descriptions foretell against what the units do.

    Args:
        key: of the units whose descriptions are the control.
        described: of the same units, from other text.
        activations: of the words of this text.
        text: that had no say in the descriptions.
        share: of the words that count as far out, between 0 and 1; fewer where a unit is rarely on.
        exemplars: texts that count as those in which a unit goes far out; at most a tenth of all.
        controls: descriptions in the control, at least 2.
        budget: bytes for the units that are scored at a time.
        progress: called with the units that are done.

    Returns:
        Four measures of each unit, each with an interval and a control.

    Raises:
        TypeError, ValueError: activations of other units or words than described; fewer than two texts; a value that
            is not finite; options out of range.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> from jaxneuron.describe import token
        >>> text = build([["a", "b"], ["b", "a"], ["c", "a"]])
        >>> activations = np.array([[1.0], [0.0], [0.0], [1.0], [0.0], [1.0]])
        >>> found = score(jax.random.key(0), token.describe(activations, text), activations, text)
        >>> found.auroc.value.tolist(), found.fuzzing.value.tolist()
        ([1.0], [1.0])
    """
    words = _words.beside(activations, text)
    if not 0 < share < 1 or exemplars < 1 or controls < 2:
        raise ValueError(
            f"expected a share between 0 and 1, at least 1 exemplar and 2 controls, got {share}, {exemplars} and "
            f"{controls}"
        )
    if len(words.length) < 2:
        raise ValueError("expected at least 2 texts, as intervals are by texts, got 1")
    units, texts = activations.shape[1], len(words.length)
    if len(described.side) != units:
        raise ValueError(f"expected the {len(described.side)} units that are described, got {units}")
    foretold, true = described.predict(text), Checked(activations, exact=True)
    beside = _controls(_keys.checked(key), described.side, foretold, words, controls)
    few = min(exemplars, max(texts // 10, 1)) / texts
    parts = []
    width = batching.chunk_size(COPIES * 8 * len(words.word), units, budget)
    for here in spans(units, width, progress):
        side = described.side[here, None]
        value, guess = (side * np.ascontiguousarray(table[:, here].T) for table in (true, foretold))
        peak = np.maximum.reduceat(value, words.start, axis=1)
        cases = _Cases(value, guess, _extremes.out(value, share), _extremes.out(peak, few))
        other = beside.owner != np.arange(here.start, here.stop)[:, None]
        parts.append([*_measure(cases, beside, other, words), cases.word.any(axis=1)])
    correlation, auroc, detection, fuzzing, known = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return Scored(Measured(*correlation), Measured(*auroc), Measured(*detection), Measured(*fuzzing), known)


def _measure(
    cases: _Cases, beside: _Controls, other: Bool[np.ndarray, "unit control"], words: Words
) -> list[np.ndarray]:
    """Return the four measures of a block of units: `[value low high control low high, unit]` each."""
    word = _correlated.correlation(cases.value, cases.foretold, words.start)
    standard = _correlated.standard(cases.value)
    found = [np.stack([*word, *_spread((standard @ beside.standard) / standard.shape[1], other)])]
    every = np.zeros(len(words.word), np.int64)
    found.append(_shares(_pairs.of(cases.foretold, cases.word, every, words.text, beside.below), other))
    order, stratum = _pairs.lengths(words.length)
    peak = np.maximum.reduceat(cases.foretold, words.start, axis=1)[:, order]
    found.append(_shares(_pairs.of(peak, cases.text[:, order], stratum, order, beside.text_below), other))
    equal = ~cases.text.any(axis=1, keepdims=True)  # as far out in each text
    chosen = (cases.text | equal) & (words.length > 1)  # a word that has no other to be told from says nothing
    marked = _extremes.farthest(cases.value, chosen, words.start, words.text)
    right = _ranks.below(cases.foretold, words.text, marked.unit, marked.token)
    right = right / (words.length[marked.text] - 1)
    count = np.bincount(marked.unit, minlength=len(other))
    mean = _means(right, marked.unit, count)
    control = _means(beside.within[marked.token], marked.unit, count)
    found.append(_shares(_pairs.Pairs(mean, np.maximum(count, 1.0), control), other))
    known = cases.word.any(axis=1)
    chance = np.array([0.0, 0.5, 0.5, 0.5])[:, None, None]
    return list(np.where(known, np.stack(found), chance))


def _shares(pairs: _pairs.Pairs, other: Bool[np.ndarray, "unit control"]) -> Float[np.ndarray, "figure unit"]:
    """Return a measure that is a share of pairs."""
    return np.stack([pairs.share, *wilson(pairs.share, pairs.texts, NORMAL), *_spread(pairs.control, other)])


def _means(values: np.ndarray, unit: Int[np.ndarray, "case"], count: Int[np.ndarray, "unit"]) -> np.ndarray:
    """Return each unit's mean over its cases, which are in a row; a half where it has none."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    end = np.cumsum(count)
    shape = (-1,) + (1,) * (values.ndim - 1)
    mean = (total[end] - total[end - count]) / np.maximum(count, 1).reshape(shape)
    return np.where(count.reshape(shape) > 0, mean, 0.5)


def _spread(
    control: Float[np.ndarray, "unit control"], other: Bool[np.ndarray, "unit control"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean of the controls that are other units, and where the middle 95% of them lie."""
    count = other.sum(axis=1)
    mean = np.where(other, control, 0).sum(axis=1) / count
    ordered = np.sort(np.where(other, control, np.inf), axis=1)
    ends = []
    for share in (0.025, 0.975):
        place = share * (count - 1)
        below, above = (
            np.take_along_axis(ordered, whole(place)[:, None].astype(int), 1)[:, 0] for whole in (np.floor, np.ceil)
        )
        ends.append(below + (above - below) * (place - np.floor(place)))
    return mean, *ends


def _controls(key: Array, side: Int[np.ndarray, "unit"], foretold: Table, words: Words, count: int) -> _Controls:
    """Return what some descriptions foretell of this text."""
    drawn, shifted, again = jax.random.split(key, 3)
    tokens = len(words.word)
    live = np.flatnonzero(side)
    live = live if len(live) else np.zeros(1, int)
    chosen = live[np.asarray(jax.random.permutation(drawn, len(live)))][:count]
    rest = live[np.asarray(jax.random.randint(again, (max(count - len(chosen), 0),), 0, len(live)))]
    shift = np.asarray(jax.random.randint(shifted, (len(rest),), 1, max(tokens, 2)))
    unit = np.concatenate([chosen, rest])
    column, place = np.unique(unit, return_inverse=True)
    values = side[unit] * np.asarray(foretold[:, column.tolist()])[:, place]
    moved = np.concatenate([np.zeros(len(chosen), int), shift])
    rows = np.ascontiguousarray(values[(np.arange(tokens)[:, None] + moved) % tokens, np.arange(len(unit))].T)
    order, stratum = _pairs.lengths(words.length)
    peak = np.maximum.reduceat(rows, words.start, axis=1)[:, order]
    return _Controls(
        np.concatenate([chosen, np.full(len(rest), -1)]),
        _correlated.standard(rows).T.astype(np.float32),
        _all_below(rows, np.zeros(tokens, int)),
        _all_below(peak, stratum),
        _all_below(rows, words.text) / np.maximum(words.length[words.text] - 1, 1)[:, None],
    )


def _all_below(
    rows: Float[np.ndarray, "control item"], group: Int[np.ndarray, "item"]
) -> Float[np.ndarray, "item control"]:
    """Return how many values of the same row and group are below each."""
    unit, item = (axis.ravel() for axis in np.indices(rows.shape))
    return _ranks.below(rows, group, unit, item).reshape(rows.shape).T.astype(np.float32)
