"""Units whose activation tells most about a label, however it tells it: mutual information with binned activations.

`I = Σ p(bin, label) log2 [p(bin, label) / (p(bin) p(label))]`, in bits. The rule for the bins: `bins` of them for each
unit, with as many tokens in each as equal values allow, for those are never parted. Bin b ends at the value of place
`ceil(b * tokens / bins)` in ascending order. 10 bins of thousands of tokens have little bias; that of few tokens is
(bins - 1)(labels - 1) / (2 tokens ln 2) bits, and `corrected` takes it off (Miller 1955).

There may be as many classes as tokens, such as the n-grams of a text (`corpora.contexts`): of classes, tokens are
counted one by one, a unit at a time; with concepts and numbers, which overlap, by matrix products.

Cost:
    No pass of the model: the activations are read twice and sorted by unit.

Fails:
    With few tokens everything tells something: take `corrected`, or fewer bins. It says that a unit tells, not in which
    direction.

Peers:
    scikit-learn's mutual_info_classif (nearest neighbours, in nats); here bins of equal counts, in bits, for all units
    at once.
"""

import functools
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Int, Shaped
from scipy.special import entr

from jaxneuron import _labels, batching
from jaxneuron.rank import _levels, _order
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table
from jaxneuron.types import Ranking


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    bins: int = 10,
    corrected: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by the bits that they tell about a property, a concept or a number.

    Args:
        key: not used: nothing is random here.
        activations: of each token, read twice.
        labels: classes `Int[token]`, concepts `Bool[token]` or `Bool[token label]`, or numbers `Float[token *label]`,
            which are put into bins as activations are.
        bins: of each unit; 2 or more.
        corrected: take off the bias of few tokens, by Miller and Madow's estimate of each entropy: `+ (cells with a
            token - 1) / (2 tokens)` nats.
        budget: bytes for a block and what is computed of it.
        progress: called after each block.

    Returns:
        `score[1, unit]` in bits for classes, about the whole property, or `score[label, unit]` for concepts and
        numbers. 0 for a unit that never changes; with `corrected` it may be a little less than 0.

    Raises:
        TypeError, ValueError: fewer than two bins; labels of another kind or number, or all the same class; an
            activation that is not finite.

    Source: Miller 1955, "Note on the bias of information estimates".

    Example:
        >>> activations = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], np.float32)
        >>> rank(None, activations, np.array([0, 0, 1, 1]), bins=2).score.tolist()
        [[1.0, 0.0]]
    """
    del key
    if bins < 2:
        raise ValueError(f"expected at least 2 bins, got {bins}")
    tokens, _ = Checked(activations).shape
    labels = _labels.checked(labels, tokens)
    ends = np.ceil(np.arange(1, bins) * tokens / bins).astype(np.int64) - 1
    if labels.dtype.kind in "iu":
        ids = np.unique(_labels.classes(labels, tokens)[0], return_inverse=True)[1]
        counted = functools.partial(_counted, ids=ids, ends=ends, corrected=corrected)
        return ranked(_order.map_units(counted, activations, budget=budget, progress=progress)[None])
    if labels.dtype == bool:
        rows = _labels.concepts(labels, tokens)
        count = rows.shape[1]
        parts = [slice(i, i + 1) for i in range(count)]
    else:
        numbers = _labels.numbers(labels, tokens)
        number = np.sum(numbers[:, :, None] > np.sort(numbers, axis=0)[ends].T, axis=-1)
        rows = (number[:, :, None] == np.arange(bins)).reshape(tokens, -1)
        count = rows.shape[1]
        parts = [slice(i, i + bins) for i in range(0, count, bins)]
    level = _levels.at_places(activations, ends, budget=budget)
    counts = _levels.over(level, activations, rows, count, budget=budget, progress=progress)
    score = np.stack([_information(_joint(counts, part), corrected) for part in parts])
    return ranked(score)


def _joint(counts: _levels.LevelCounts, part: slice) -> Int[np.ndarray, "bin label unit"]:
    """Return the tokens in each bin with each label of one property; of a concept, also those without."""
    held = _levels.between(counts.label[part, None], counts.both[:, part])
    if held.shape[1] > 1:
        return held
    return np.concatenate([held, _levels.between(counts.tokens[None], counts.above)[:, None] - held], axis=1)


def _counted(
    values: Float[np.ndarray, "token"], ids: Int[np.ndarray, "token"], ends: Int[np.ndarray, "level"], corrected: bool
) -> Float[np.ndarray, ""]:
    """Return what one unit tells about classes, from a count of each pair of a class and a bin."""
    bins, tokens = len(ends) + 1, len(ids)
    number = np.searchsorted(np.sort(values)[ends], values)
    counts = [np.bincount(number, minlength=bins), np.bincount(ids), np.bincount(ids * bins + number)]

    def entropy(count: np.ndarray) -> float:
        cells = np.bincount(count)[1:]  # with one token, with two, ...: few numbers, however many cells there are
        size = np.arange(1, len(cells) + 1, dtype=np.float64)
        bias = (cells.sum() - 1) / (2 * tokens) if corrected else 0.0
        return np.log(tokens) - np.sum(cells * size * np.log(size)) / tokens + bias

    in_bin, of_label, joint = map(entropy, counts)
    bits = (in_bin + of_label - joint) / np.log(2)
    return np.asarray(bits if corrected else max(bits, 0.0))


def _information(joint: Int[np.ndarray, "bin label unit"], corrected: bool) -> Float[np.ndarray, "unit"]:
    """Return `H(bin) + H(label) - H(bin, label)`."""
    tokens = joint[..., 0].sum()
    units = joint.shape[-1]

    def entropy(count: np.ndarray) -> np.ndarray:
        count = count.reshape(-1, units)
        bias = (np.sum(count > 0, axis=0) - 1) / (2 * tokens) if corrected else 0.0
        return entr(count / tokens).sum(axis=0) + bias

    bits = (entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)) / np.log(2)
    return bits if corrected else np.maximum(bits, 0)
