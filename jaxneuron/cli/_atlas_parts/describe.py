"""What is the unit, in words, and is that right? The description that foretells it best, scored on other text.

Each method of `METHODS` that there is says something of each unit; the one that foretells it best on texts that chose
nothing else is kept, and scored on texts that neither made nor chose it. Where there is an encoder of text, it reads
the descriptions, too, and makes some by the meaning of exemplars.
"""

import functools
from collections.abc import Sequence

import numpy as np

from jaxneuron import _discover, describe
from jaxneuron.batching import Progress
from jaxneuron.cli._atlas_parts import Piece
from jaxneuron.cli._atlas_parts._material import Material
from jaxneuron.describe import Measured
from jaxneuron.report.atlas.unit import Description, Estimate, Figure
from jaxneuron.types import Site

METHODS = ("label", "token", "position", "ngram", "formula", "inputs")
"""Methods of `jaxneuron.describe` that need a text alone, the simplest first."""

MEASURES = ("correlation", "auroc", "detection", "fuzzing")
"""The measures of a description; the first decides which is best."""

MEANT = "auroc, read by the encoder"
"""The measure of a description as a text, where there is an encoder to read it."""


def join(at: Material, site: Site, units: Sequence[int], progress: Progress) -> list[Piece]:
    """Return the best description of each unit; nothing of one that never changes."""
    which = np.asarray(units)
    fit, choice, held = (at.values(some, site)[:, which] for some in (at.fit, at.choice, at.held))
    known = _discover.methods(describe)
    labelled = at.fit.text.labels or at.fit.text.sentence_labels
    verbs = [known[name] for name in METHODS if name in known and (name != "label" or labelled)]
    if at.embed is not None:
        verbs.append(functools.partial(known["embedding"], embed=at.embed))
    said = []
    for number, verb in enumerate(verbs, 1):
        said.append(verb(fit, at.fit.text, budget=at.budget))
        progress(number * len(units) // (len(verbs) + 1), len(units))
    best = describe.best(said, choice, at.choice.text, budget=at.budget)
    scored = describe.score(at.key(3), best, held, at.held.text, budget=at.budget)
    meant = None
    if at.embed is not None:
        meant = describe.score(at.key(3), describe.judged(best, at.embed), held, at.held.text, budget=at.budget).auroc
    progress(len(units), len(units))
    told = []
    for row in range(len(units)):
        if not scored.known[row]:
            told.append(Piece())
            continue
        figures = [_figure(name, getattr(scored, name), row) for name in MEASURES]
        if meant is not None:
            figures.append(_figure(MEANT, meant, row))
        first = figures[0]
        told.append(
            Piece(
                descriptions=[
                    Description(
                        best.text[row],
                        best.source[row],
                        first.measure,
                        first.score,
                        first.control,
                        at.texts.name,
                        figures[1:],
                    )
                ]
            )
        )
    return told


def _figure(name: str, measured: Measured, row: int) -> Figure:
    value, low, high, control, control_low, control_high = (float(one[row]) for one in measured)
    return Figure(name, Estimate(value, low, high), Estimate(control, control_low, control_high))
