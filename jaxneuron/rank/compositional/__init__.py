"""Say in a logical formula of concepts where each unit is active, for all units of a layer at once.

Mu and Andreas 2020, "Compositional Explanations of Neurons" (arXiv 2006.14032): a beam search over formulas with OR,
AND and AND NOT for the one whose tokens overlap most with those at which the unit is active (intersection over union,
IoU). As in the paper, the beam keeps the best formulas of any length up to that reached. Unlike in its code, formulas
that hold of the same tokens take one place in the beam, and all extensions of all units come from two matrix products.

An overlap that a search found is the best of many: `overlap` measures it on other data, `null` what chance finds.

Cost:
    No pass of the model: the activations are read a few units at a time; two matrix products of the beam with all
    concepts for each term of the formula.

Fails:
    An overlap that a search found is the best of many: see `overlap` and `null`. Units that are never near 0 need
    `top`. Negations of rare concepts fit everything a little.

Peers:
    The authors' code, unit by unit; formulas that hold of the same tokens take one place in our beam.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from jaxneuron import _keys, _labels, batching, ranking
from jaxneuron.rank.compositional import _activity, _beam, _formulas
from jaxneuron.rank.compositional._explanations import Explanations, WeightedExplanation, effect
from jaxneuron.rank.compositional._formulas import holds, text
from jaxneuron.table import Checked, Table
from jaxneuron.types import Ranking

__all__ = ["WeightedExplanation", "Explanations", "effect", "explain", "holds", "null", "overlap", "rank", "text"]


def explain(
    key: Array | None,
    activations: Table,
    concepts: Any,
    *,
    threshold: float | Float[Any, "unit"] = 0.0,
    top: float | None = None,
    length: int = 5,
    beam: int = 10,
    penalty: float = 1.0,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Explanations:
    """Search the formula of concepts that overlaps most with where each unit is active.

    Args:
        key: not used: nothing is random here.
        activations: of words or of sentences.
        concepts: `Bool[token label]`, or the classes of one property, `Int[token]`; held in memory.
        threshold: a unit is active above it, or above its own of several; 0 suits units after a ReLU.
        top: instead, the share of tokens at which each unit is active, its highest (0.005 in the paper's vision part).
        length: terms of the longest formula, at least 1.
        beam: formulas kept in each step. Duplicates are found among the best `8 * beam` extensions.
        penalty: a formula of n terms scores its IoU times `penalty ** (n - 1)`; 0 to 1, 1 for no penalty.
        budget: bytes for the units that are searched at a time.
        progress: called with the units that are done.

    Returns:
        For each unit and each length, the best formula that is not longer.

    Raises:
        ValueError: labels that are no concepts, activations that are not finite, or an option out of range.

    Source:
        Mu and Andreas 2020 (arXiv 2006.14032), section 3.

    Example:
        >>> noun, plural = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
        >>> found = explain(None, np.array([[-1.0], [2.0], [-1.0], [-1.0]]), np.stack([noun, plural], 1), length=2)
        >>> text(found.leaf[0, -1], found.operator[0, -1], ["noun", "plural"]), found.iou.tolist()
        ('noun AND NOT plural', [[0.5, 1.0]])
    """
    del key
    if length < 1 or beam < 1 or not 0 < penalty <= 1:
        raise ValueError(
            f"expected a length and a beam of at least 1 and a penalty from 0 (not included) to 1, "
            f"got {length}, {beam} and {penalty}"
        )
    Checked(activations)
    columns, original = _activity.columns(concepts, activations)
    mask = jnp.asarray(_beam.pack(columns))
    parts = []
    for here, active, level in _activity.active(activations, threshold, top, budget, copies=3):
        width = here.stop - here.start
        chunk = batching.chunk_size(_beam.item_bytes(32 * mask.shape[1], len(mask), beam), width, budget)
        for first in range(0, width, chunk):
            some = active[first : first + chunk]
            found = _search(jnp.asarray(_beam.pack(_activity.padded(some, chunk))), mask, length, beam, penalty)
            parts.append([value[: len(some)] for value in found] + [level[first : first + chunk], some.sum(axis=1)])
            if progress:
                progress(here.start + min(first + chunk, width), activations.shape[1])
    leaf, operator, iou, level, count = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Explanations(np.where(leaf < 0, -1, original[leaf]), operator.astype(np.int8), iou, level, count)


def rank(
    key: Array | None,
    activations: Table,
    labels: Any,
    *,
    threshold: float = 0.0,
    top: float | None = None,
    length: int = 3,
    beam: int = 10,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Ranking:
    """Score units by what a concept gives to the explanation of each: alone, or beside others.

    A concept's score is the larger of its own IoU with where the unit is active, and of what it adds to the unit's best
    formula, `IoU(formula) - IoU(formula without it)`, if the formula affirms it. A unit for "a and b" ranks high for
    both, though neither alone says when it is active. A unit that a concept silences is not active for it: rank the
    negative activations as well where that matters.

    Args:
        key: not used.
        activations: of words or of sentences.
        labels: `Bool[token label]`, `Bool[token]` or `Int[token]`.
        threshold: a unit is active above it.
        top: instead, the share of tokens at which each unit is active.
        length: terms of the longest formula.
        beam: formulas kept in each step.
        budget: bytes for the units that are searched at a time.
        progress: called with the units that are done.

    Returns:
        `score[label, unit]`, 0 to 1.

    Raises:
        ValueError: as `explain`.
    """
    found = explain(
        key,
        activations,
        labels,
        threshold=threshold,
        top=top,
        length=length,
        beam=beam,
        budget=budget,
        progress=progress,
    )
    columns = np.ascontiguousarray(_labels.concepts(labels, activations.shape[0]).T)
    score = np.zeros((len(columns), activations.shape[1]), np.float32)
    size = columns.sum(axis=1)
    leaf, operator, whole = found.leaf[:, -1], found.operator[:, -1], found.iou[:, -1]
    for here, active, _ in _activity.active(activations, found.threshold, None, budget, copies=4):
        both = _activity.products(active, columns)
        score[:, here] = (both / np.maximum(active.sum(axis=1) + size[:, None] - both, 1)).astype(np.float32)
        for term in range(length):
            without = np.where(np.arange(length) == term, -1, leaf[here])
            gain = whole[here] - _formulas.overlap(_formulas.holds(without, operator[here], columns), active)
            named = (leaf[here, term] >= 0) & (operator[here, term] != _formulas.AND_NOT)
            place = leaf[here, term][named], np.arange(here.start, here.stop)[named]
            score[place] = np.maximum(score[place], gain[named])
    return ranking.ranked(jnp.asarray(score))


def overlap(
    explanations: Explanations,
    activations: Table,
    concepts: Any,
    *,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "unit length"]:
    """Return the IoU of formulas that were found elsewhere, with the thresholds of the units as they were there.

    Args:
        explanations: of the same units and concepts.
        activations: of other tokens, which the search has not seen.
        concepts: of these tokens, in the same columns.
        budget: bytes for what is read at a time.

    Raises:
        ValueError: other units, or a concept in a formula that is not here.
    """
    columns = np.ascontiguousarray(_labels.concepts(concepts, activations.shape[0]).T)
    units, length, _ = explanations.leaf.shape
    if activations.shape[1] != units or explanations.leaf.max() >= len(columns):
        raise ValueError(
            f"expected {units} units and at least {explanations.leaf.max() + 1} concepts, as where the formulas were "
            f"found, got {activations.shape[1]} and {len(columns)}"
        )
    iou = np.zeros((units, length), np.float32)
    for here, active, _ in _activity.active(activations, explanations.threshold, None, budget, copies=4):
        for n in range(length):
            found = _formulas.holds(explanations.leaf[here, n], explanations.operator[here, n], columns)
            iou[here, n] = _formulas.overlap(found, active)
    return iou


def null(
    key: Array,
    activations: Table,
    concepts: Any,
    *,
    permutations: int = 10,
    threshold: float = 0.0,
    top: float | None = None,
    length: int = 5,
    beam: int = 10,
    penalty: float = 1.0,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "permutation unit length"]:
    """Return the IoU that the search finds where activations and concepts have nothing to do with each other.

    The tokens of the concepts are permuted, which keeps how often each concept and each unit holds, and how they go
    together among themselves. It does not keep that neighbours are alike, as words of a sentence are.

    Args:
        key: of the permutations.
        activations: as for `explain`.
        concepts: as for `explain`.
        permutations: how many; each takes as long as `explain`.
        threshold: as for `explain`.
        top: as for `explain`.
        length: as for `explain`.
        beam: as for `explain`.
        penalty: as for `explain`.
        budget: as for `explain`.

    Raises:
        ValueError: as `explain`; no permutation.
    """
    if permutations < 1:
        raise ValueError(f"expected at least one permutation, got {permutations}")
    labels = _labels.concepts(concepts, activations.shape[0])
    orders = [
        np.asarray(jax.random.permutation(one, len(labels)))
        for one in jax.random.split(_keys.checked(key), permutations)
    ]
    options = dict(threshold=threshold, top=top, length=length, beam=beam, penalty=penalty, budget=budget)
    search: Callable[..., Explanations] = explain
    return np.stack([search(None, activations, labels[order], **options).iou for order in orders])


def _search(
    active: UInt32[Array, "unit word"], mask: UInt32[Array, "label word"], length: int, beam: int, penalty: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found, leaves = _beam.start(active, mask, terms=length)
    best = []
    for _ in range(length):
        found = _beam.extend(found, active, leaves, jnp.float32(penalty), width=beam)
        best.append((found.leaf[:, 0], found.operator[:, 0], found.iou[:, 0]))
    leaf, operator, iou = (np.stack(part, axis=1) for part in zip(*jax.device_get(best), strict=True))
    return leaf, operator, iou
