"""Which concept does the unit go with? The label that it tells best, and the formula of labels that overlaps most.

Both are found on some texts and scored on others. The control is the same search with the labels of the words permuted,
on both: what the best of so many labels gets by chance, as the units of the site spread it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from jaxneuron._wilson import NORMAL, wilson
from jaxneuron.batching import Progress
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.rank import average_precision, compositional
from jaxneuron.report.atlas.unit import Concept, Estimate
from jaxneuron.types import Site

LEAST = 10
"""Words, or texts, that a label must have in each of the two texts."""

ACTIVE = 0.02
"""The share of the words at which a unit counts as active, on either side."""

LENGTH = 3
"""Terms of a formula."""


class _Seen(NamedTuple):
    """Units beside labels: rows are words, or texts of a site with one vector for a text."""

    values: Float[np.ndarray, "row unit"]
    labels: Bool[np.ndarray, "row label"]
    text: np.ndarray  # [row] its text


class _Told(NamedTuple):
    """How well labels and formulas do on other text."""

    label: np.ndarray  # [unit] the label that was chosen
    side: np.ndarray  # [unit] 1 where the unit is high with it, -1 low
    found: np.ndarray  # [unit] area under the ROC curve where it was chosen
    held: np.ndarray  # [unit] the same on the other text


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the label and the formula of each unit, the label first; nothing where no text has labels."""
    fit, held, names = _seen(at, site, units)
    if not names:
        return [Piece() for _ in units]
    draw = np.random.default_rng(at.seed)
    permuted = [one._replace(labels=draw.permutation(one.labels)) for one in (fit, held)]
    told, chance = _labels(fit, held), _labels(*permuted).held
    progress(len(units) // 2, len(units))
    pieces = _single(told, chance, held, names)
    formulas = (
        [_formulas(at, fit, held, names), _formulas(at, permuted[0], permuted[1], names)] if len(names) > 2 else None
    )
    if formulas:
        control = _spread(np.array([one.held_out.value for one in formulas[1]]))
        for row, one in enumerate(formulas[0]):
            if " " in one.formula:  # else it is the label again
                pieces[row].append(one._replace(control=control))
    progress(len(units), len(units))
    return [Piece(concepts=found) for found in pieces]


def _seen(at: Material, site: Site, units: Sequence[int]) -> tuple[_Seen, _Seen, list[str]]:
    """Return units beside the labels that both texts have often enough."""
    which = np.asarray(units)
    both, names = [], at.texts.labels
    for some in (at.fit, at.held):
        values, text = at.values(some, site)[:, which], np.repeat(np.arange(len(some.numbers)), some.lengths)
        labels = at.texts.holds(some)
        if at.per_text(site):
            first = np.cumsum([0, *some.lengths[:-1]])
            values, labels, text = values[first], labels[first], text[first]
        both.append(_Seen(values, labels, text))
    often = np.min([np.minimum(one.labels.sum(0), (~one.labels).sum(0)) for one in both], axis=0) >= LEAST
    kept = [name for name, there in zip(names, often, strict=True) if there]
    return both[0]._replace(labels=both[0].labels[:, often]), both[1]._replace(labels=both[1].labels[:, often]), kept


def _labels(fit: _Seen, held: _Seen) -> _Told:
    """Choose the label that each unit tells best, and score it on the other text."""
    found = average_precision.scores(fit.values, fit.labels).auroc
    label, unit = np.argmax(np.abs(found - 0.5), axis=0), np.arange(found.shape[1])
    side = np.where(found[label, unit] < 0.5, -1, 1)
    other = average_precision.scores(held.values, held.labels).auroc[label, unit]
    return _Told(label, side, 0.5 + side * (found[label, unit] - 0.5), 0.5 + side * (other - 0.5))


def _single(told: _Told, chance: np.ndarray, held: _Seen, names: list[str]) -> list[list[Concept]]:
    """Return labels as concepts; the interval is of as many cases as there are texts with the label."""
    control = _spread(chance)
    pieces = []
    for unit, label in enumerate(told.label.tolist()):
        value, found = float(told.held[unit]), float(told.found[unit])
        texts = len(np.unique(held.text[held.labels[:, label]]))
        low, high = map(float, wilson(value, texts, NORMAL))
        p = float((1 + (chance >= value).sum()) / (1 + len(chance)))
        measure = "auroc" if told.side[unit] > 0 else "auroc of low values"
        pieces.append([Concept(names[label], measure, Estimate(value, low, high), control, found, p)])
    return pieces


def _formulas(at: Material, fit: _Seen, held: _Seen, names: Sequence[str]) -> list[Concept]:
    """Return the formula of each unit's better side."""
    sides = [np.concatenate([one.values, -one.values], axis=1) for one in (fit, held)]
    found = compositional.explain(None, sides[0], fit.labels, top=ACTIVE, length=LENGTH, beam=5, budget=at.budget)
    overlap = compositional.overlap(found, sides[1], held.labels, budget=at.budget)[:, -1]
    units = fit.values.shape[1]
    concepts = []
    for unit in range(units):
        side = int(found.iou[unit + units, -1] > found.iou[unit, -1])
        place = unit + side * units
        active = held.text[sides[1][:, place] > found.threshold[place]]
        low, high = map(float, wilson(overlap[place], max(len(np.unique(active)), 1), NORMAL))
        formula = str(compositional.text(found.leaf[place, -1], found.operator[place, -1], list(names)))
        measure = "iou of low values" if side else "iou"
        estimate = Estimate(float(overlap[place]), low, high)
        concepts.append(Concept(formula, measure, estimate, score=float(found.iou[place, -1])))
    return concepts


def _spread(values: np.ndarray) -> Estimate:
    """Return the mean, and where the middle 95% lie."""
    return Estimate(float(values.mean()), *map(float, np.quantile(values, [0.025, 0.975])))
