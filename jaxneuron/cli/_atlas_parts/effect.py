"""What does the model do without the unit? Each unit at its mean over the text: loss, divergence, and words.

A unit's mean takes away what it says about this text and leaves it where it usually is. Of a model without a head it is
told how far the vectors of its last site turn.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxneuron import batching
from jaxneuron.batching import Progress
from jaxneuron.cli import _changes, _intervene_text
from jaxneuron.cli._atlas_parts import Piece, _estimates
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.intervene import ablate
from jaxneuron.report.atlas.unit import Change, Effect
from jaxneuron.types import Site

WORDS = 600
"""Words at which the model is read without each unit."""

SHOWN = 8
"""Words whose probability changes most."""


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return what becomes of predictions, or of the last vectors, without each unit; nothing where nothing follows."""
    model, tokens = at.model, at.beginnings(WORDS)
    mean = np.asarray(at.found[site].moments.mean, np.float32)
    if model.head == "none":
        try:
            last = _intervene_text.last(model, site)
        except ValueError:  # nothing comes after it
            return [Piece() for _ in units]
        comparison: Any = _changes.Vectors(last)
        item = 8 * tokens.mask.size
    else:
        comparison, last = _changes.Predicted(model.head == "next word", outputs=True), ""
        outputs = len(model.labels or model.vocabulary.words)
        item = 4 * len(tokens.mask) * outputs
    found: list[Piece] = []
    masks = np.eye(len(mean), dtype=bool)[np.asarray(units)]
    chunk = batching.chunk_size(item, len(units), at.budget)
    for first in range(0, len(units), chunk):
        some = masks[first : first + chunk]
        effect = ablate.intervene(
            model.forward, model.params, tokens, comparison, some, site=site, value=mean, budget=at.budget
        )
        told = _turned(effect.edited, last) if last else _predicted(effect, model)
        found += [Piece(effects=[one]) for one in told]
        progress(len(found), len(units))
    return found


def _turned(edited: Any, last: Site) -> list[Effect]:
    """Return how far vectors turn."""
    turned, places = (np.asarray(leaf, np.float64) for leaf in (edited.turned * edited.places, edited.places))
    return [
        Effect("mean", turned=_estimates.ratio(one.sum(-1), here.sum(-1)), at=last)
        for one, here in zip(turned, places, strict=True)
    ]


def _predicted(effect: Any, model: Any) -> list[Effect]:
    """Return what becomes of the loss, if there is a right answer, and of the probabilities of all outputs."""
    before, after = effect.unedited, effect.edited
    places, words = np.asarray(before.places, np.float64), model.labels or model.vocabulary.words
    usual = np.asarray(before.probability, np.float64).sum(0) / places.sum()
    told = []
    for unit in range(len(after.loss)):
        loss = _estimates.ratio(after.loss[unit] - before.loss, places) if model.head == "next word" else None
        now = np.asarray(after.probability[unit], np.float64).sum(0) / places.sum()
        most = np.argsort(-np.abs(now - usual), kind="stable")[:SHOWN].tolist()
        changed = [Change(words[one], float(usual[one]), float(now[one])) for one in most if now[one] != usual[one]]
        told.append(Effect("mean", loss, _estimates.ratio(after.divergence[unit], places), changed))
    return told
