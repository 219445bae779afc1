"""Four quick scores of every unit and label from one reading: is it worth asking more?

Pearson's correlation, the difference of means, mutual information and Jaccard's index: what Deep Neural Inspection and
DeepBase (Sellam et al. 2018, 2019) try before they train anything. The first two come from sums, the other two from how
many tokens lie above some levels of each unit, which the first tokens give. `correlation`, `probeless`,
`mutual_information` and `iou` are the same scores one by one, with more options; what is stored is then read up to five
times.

Cost:
    No pass of the model: the activations are read once, and the first 10,000 tokens twice.

Fails:
    Levels come from the first tokens: where those are unlike the rest, information and Jaccard's index are coarse.
    Quick scores: ask the methods of the same names for more options.

Peers:
    DeepBase's independent measures, each of which reads the store by itself.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Shaped
from scipy.special import entr

from jaxneuron import _labels, batching
from jaxneuron.rank import _levels, _sums
from jaxneuron.ranking import ranked
from jaxneuron.table import Checked, Table, over_tokens
from jaxneuron.types import Ranking

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Shares of the tokens that lie above each level."""


class Associations(NamedTuple):
    """What each unit tells about each class or concept."""

    correlation: Float[np.ndarray, "label unit"]  # -1 to 1
    difference: Float[np.ndarray, "label unit"]  # mean with the label less that without, in units of the activation
    information: Float[np.ndarray, "label unit"]  # bits about whether the label holds
    jaccard: Float[np.ndarray, "label unit"]  # 0 to 1, of the best level, above or below it


class State(NamedTuple):
    """What is known of the tokens so far."""

    sums: _sums.Sums
    counts: _levels.LevelCounts


def rank(
    key: Array | None,
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    by: Literal["correlation", "difference", "information", "jaccard"] = "correlation",
    shares: Sequence[float] = SHARES,
    sample: int = 10_000,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Rank units by one of the quick scores; its sign does not count.

    Args:
        key: not used: nothing is random here.
        activations: see `scores`, as all that follows but `by`.
        labels: see `scores`.
        by: which field of `scores`.
        shares: see `scores`.
        sample: see `scores`.
        budget: see `scores`.
        progress: see `scores`.

    Returns:
        `score[label, unit]`, 0 or more.

    Raises:
        TypeError, ValueError: as `scores`; an unknown `by`.
    """
    del key
    if by not in Associations._fields:
        raise ValueError(f"expected by as one of {', '.join(Associations._fields)}, got by={by!r}")
    found = scores(activations, labels, shares=shares, sample=sample, budget=budget, progress=progress)
    return ranked(np.abs(getattr(found, by)))


def scores(
    activations: Table,
    labels: Shaped[Any, "..."],
    *,
    shares: Sequence[float] = SHARES,
    sample: int = 10_000,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Associations:
    """Return all four scores.

    Args:
        activations: of each token, read once, and its beginning twice.
        labels: classes `Int[token]`, or concepts `Bool[token]` or `Bool[token label]`.
        shares: of tokens above each level, between 0 and 1; levels part the bins of the mutual information.
        sample: first tokens that tell where these levels are; more tokens than bins.
        budget: bytes for a block of tokens and what is computed of it.
        progress: called after each block.

    Returns:
        A number per label and unit; 0 for a label or unit that never changes.

    Raises:
        TypeError, ValueError: shares or a sample out of range; labels that are no classes or concepts, of another
            number than the tokens, or all the same; an activation that is not finite.

    Example:
        >>> activations = np.array([[0.0, 1.0], [4.0, 1.0], [0.0, 1.0], [4.0, 1.0]], np.float32)
        >>> found = scores(activations, np.array([False, True, False, True]), shares=[0.5])
        >>> [float(table[0, 0]) for table in found], [float(table[0, 1]) for table in found[:3]]
        ([1.0, 4.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    """
    tokens, _ = Checked(activations).shape
    share = np.asarray(shares, np.float64)
    if share.ndim != 1 or not share.size or not np.all((share > 0) & (share < 1)) or sample < 1:
        raise ValueError(f"expected shares between 0 and 1 and a sample of 1 or more, got {shares!r:.80} and {sample}")
    rows = _labels.concepts(labels, tokens)
    few = min(sample, tokens)
    places = np.clip(np.ceil(np.round((1 - np.sort(share)[::-1]) * few, 6)).astype(np.int64) - 1, 0, few - 1)
    state = init(_levels.at_places(activations[:few], places, budget=budget), rows.shape[1])
    return finish(over_tokens(update, state, activations, rows, budget=budget, progress=progress))


def init(level: Float[Any, "level unit"], labels: int) -> State:
    """Return the state before the first token.

    Args:
        level: ascending levels of each unit, for mutual information and Jaccard's index.
        labels: how many classes or concepts.
    """
    return State(_sums.init(labels, np.shape(level)[1], squares=True), _levels.init(level, labels))


def update(
    state: State,
    index: Any,
    valid: Shaped[Any, "token"],
    activations: Float[Any, "token unit"],
    labels: Shaped[Any, "token *label"],
) -> State:
    """Add a block of tokens.

    Args:
        state: of the tokens before.
        index: not used.
        valid: false where a row is no token.
        activations: of the block.
        labels: classes `[token]`, or a column for each concept.
    """
    counts = _levels.update(state.counts, index, valid, activations, labels)
    return State(_sums.update(state.sums, None, valid, activations, labels), counts)


def finish(state: State) -> Associations:
    """Return the scores after the last token."""
    sums, counts = state.sums, jax.tree.map(np.asarray, state.counts)
    inside, outside = _sums.contrast(sums)
    with_label, above = counts.label[:, None], counts.above[:, None]
    without = counts.tokens - with_label
    joint = np.stack([_levels.between(with_label, counts.both), _levels.between(without, above - counts.both)])
    joint = joint / counts.tokens  # [side, bin, label, unit]
    bits = entr(joint.sum(axis=0)).sum(axis=0) + entr(joint.sum(axis=1)).sum(axis=0) - entr(joint).sum(axis=(0, 1))

    active = np.concatenate([above, counts.tokens - above])
    both = np.concatenate([counts.both, with_label - counts.both])
    jaccard, correlation = _levels.overlap(active, counts.label, both).max(axis=0), _sums.correlation(sums)
    assert sums.spread is not None  # or there is no correlation
    return Associations(
        correlation=correlation,
        difference=np.nan_to_num(inside - outside),
        information=np.maximum(bits / np.log(2), 0),
        jaccard=jaccard * (sums.spread.low < sums.spread.high),
    )
