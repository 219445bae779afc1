"""Rank units by how they respond to a sentence that says one concept over and over.

Na, Choe, Lee, Kim 2019, "Discovery of Natural Language Concepts in Individual Units of CNNs" (arXiv 1902.07249): a word
or phrase is repeated up to the length of an average sentence, and a unit's degree of alignment with it (DoA) is its
mean activation over that sentence. `corpora.phrases` takes candidate concepts from parses, `sentences` repeats them, a
model reads them, and `rank` takes its activations. `aligned` are then the concepts of each unit; `selectivity` tells on
real sentences whether they are, and `random_alignment` what concepts drawn by chance would reach.

The paper compares the concepts of one unit. To compare units, whose ranges differ, `rank` gives standard scores unless
told otherwise, which leaves the order of a unit's concepts as it is.

Cost:
    One pass for each concept's sentence, by the caller; then the activations are read once.

Fails:
    A word said over and over is no sentence, and transformers with attention may do on it what they never do else.
    `selectivity` asks real sentences.

Peers:
    The authors' code, for CNNs, without standard scores.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching, ranking
from jaxneuron.rank import _sums
from jaxneuron.table import Table, over_units
from jaxneuron.types import Ranking


class Sentences(NamedTuple):
    """Synthetic sentences, for a model to read."""

    words: list[list[str]]  # [concept], the words of its sentence
    label: Int[np.ndarray, "token"]  # the concept of each word, for `rank`


class Aligned(NamedTuple):
    """The concepts that a unit responds to most."""

    concept: Int[np.ndarray, "unit k"]  # from the best on
    score: Float[np.ndarray, "unit k"]


def sentences(concepts: Sequence[Sequence[str]], length: int) -> Sentences:
    """Repeat each concept until its sentence has `length` words.

    Args:
        concepts: words of each, one or more.
        length: of the sentences, such as the mean of a corpus. The last repetition is cut short where it would stand
            out; a concept that is longer is said once, whole.

    Raises:
        ValueError: no concepts, one without a word, or no length.

    Example:
        >>> sentences([["the", "car"], ["sitting"]], 3).words
        [['the', 'car', 'the'], ['sitting', 'sitting', 'sitting']]
    """
    if not len(concepts) or not all(len(words) for words in concepts) or length < 1:
        raise ValueError(
            f"expected concepts of at least one word each and a length of at least 1, "
            f"got {len(concepts)} concepts and {length}"
        )
    said = [(list(words) * -(-length // len(words)))[: max(length, len(words))] for words in concepts]
    return Sentences(said, np.repeat(np.arange(len(said), dtype=np.int32), list(map(len, said))))


def rank(
    key: Array | None,
    activations: Table,
    labels: Any,
    *,
    standardise: bool = True,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Score units by their mean activation over the sentence of each concept, the degree of alignment.

    `score[c, u] = mean over the tokens of c of (activation - mean) / sd`, with the unit's mean and standard deviation
    over all tokens.

    Args:
        key: not used.
        activations: of the synthetic sentences.
        labels: the concept of each token, `Int[token]`, such as `Sentences.label`; or `Bool[token label]`.
        standardise: compare units by standard scores; otherwise by plain mean activations, as the paper has them. A
            unit that never changes then scores 0.
        budget: bytes of activations held at a time.
        progress: called with the tokens that are done.

    Returns:
        `score[label, unit]`; a concept without a token scores 0.

    Raises:
        ValueError: labels that don't fit, numbers for labels, or activations that are not finite.

    Source:
        Na et al. 2019 (arXiv 1902.07249), section 3.2.
    """
    del key
    sums, _ = _sums.over(activations, labels, squares=True, budget=budget, progress=progress)
    score, _ = _sums.contrast(sums)
    assert sums.shift is not None and sums.spread is not None and sums.spread.square is not None  # they were asked for
    if standardise:
        mean = sums.total / sums.tokens
        spread = np.sqrt(np.maximum(sums.spread.square / sums.tokens - mean**2, 0))
        moves = np.broadcast_to((sums.spread.low < sums.spread.high) & (spread > 0), score.shape)
        score = np.divide(score - mean, spread, out=np.zeros_like(score), where=moves)
    else:
        score = score + sums.shift.unit
    return ranking.ranked(np.where(sums.label[:, None] > 0, score, 0))


def aligned(ranked: Ranking, count: int = 3) -> Aligned:
    """Return the concepts that each unit responds to most.

    Args:
        ranked: of `rank`, for all candidate concepts.
        count: how many, 1 to the number of concepts.

    Raises:
        ValueError: no such number of concepts.

    Example:
        >>> import jax.numpy as jnp
        >>> aligned(ranking.ranked(jnp.array([[1.0, 0.0], [0.0, 3.0]])), 1).concept.tolist()
        [[0], [1]]
    """
    score = np.asarray(ranked.score).T
    if score.ndim != 2 or not 1 <= count <= score.shape[1]:
        raise ValueError(f"expected 1 to {score.shape[-1]} concepts per unit, from scores [label, unit], got {count}")
    concept = np.argsort(-score, axis=1, kind="stable")[:, :count]
    return Aligned(concept, np.take_along_axis(score, concept, axis=1))


def random_alignment(key: Array, units: int, concepts: int, count: int = 3) -> Int[np.ndarray, "unit k"]:
    """Return distinct concepts drawn by chance for each unit, the baseline for `selectivity`.

    Args:
        key: for the draw.
        units: how many.
        concepts: to draw from.
        count: of each unit.
    """
    order = jax.vmap(lambda one: jax.random.permutation(one, concepts)[:count])(jax.random.split(key, units))
    return np.asarray(order)


def selectivity(
    activations: Table,
    present: Bool[Any, "sentence concept"],
    concepts: Int[Any, "unit k"],
    *,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "unit"]:
    """Return how much more active units are in sentences that have their concepts than in others.

    `(mean with - mean without) / (max - min)`; 0 where no sentence has one of them, or all have, or the unit never
    changes.

    Args:
        activations: of real sentences, a row each, such as the mean over words.
        present: which concepts occur in them.
        concepts: of each unit, such as `aligned(...).concept`.
        budget: bytes of activations held at a time.

    Returns:
        -1 to 1.

    Raises:
        ValueError: sentences, units or concepts that don't fit, or activations that are not finite.

    Source:
        Na et al. 2019 (arXiv 1902.07249), section 4.2.

    Example:
        >>> selectivity(np.array([[0.0], [1.0], [2.0]]), np.array([[False], [False], [True]]), np.array([[0]])).tolist()
        [0.75]
    """
    present, concepts = np.asarray(present), np.asarray(concepts)
    if (
        len(present) != activations.shape[0]
        or len(concepts) != activations.shape[1]
        or concepts.max() >= present.shape[1]
    ):
        raise ValueError(
            f"expected activations [sentence, unit], the concepts [sentence, concept] of these sentences and concepts "
            f"[unit, k] among them, got {activations.shape}, {present.shape} and {concepts.shape}, "
            f"with concepts up to {concepts.max()}"
        )
    found = np.zeros(len(concepts), np.float32)
    for here, values in over_units(activations, budget=budget, copies=4):
        has = np.zeros(values.shape, bool)
        for column in concepts[here].T:
            has |= present[:, column]
        count = has.sum(axis=0)
        inside = np.sum(values, axis=0, where=has, dtype=np.float64)
        outside = np.sum(values, axis=0, dtype=np.float64) - inside
        gap = inside / np.maximum(count, 1) - outside / np.maximum(len(values) - count, 1)
        span = np.ptp(values, axis=0)
        defined = (count > 0) & (count < len(values)) & (span > 0)
        found[here] = np.where(defined, gap / np.where(span > 0, span, 1), 0)
    return found
