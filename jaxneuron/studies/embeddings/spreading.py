"""Which classes are localised, which are distributed, and in which blocks and parts of blocks do properties lie?"""

from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.evaluate.information import information
from jaxneuron.rank import linear
from jaxneuron.studies.embeddings import material
from jaxneuron.studies.embeddings.material import Data, Encoder, Questions
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import STATIC, Block, Localised
from jaxneuron.studies.embeddings.vectors import Static
from jaxneuron.studies.running import Report
from jaxneuron.types import Probe, Site

SPARSE = linear.Settings(l1=5e-3, l2=1e-5)
"""Of a probe whose weights rank the units: of units that say the same, one gets the weight."""

QUICK = linear.NEUROX._replace(learning_rate=0.03, epochs=5)
"""Of a probe of each part of each block, of which there are many: a few passes, in batches."""


class SparseProbe(NamedTuple):
    """A sparse probe of a property from all units of a source."""

    of: str
    source: str
    encoder: Encoder | None  # None: the static vectors
    probe: Probe
    test: Data


def fitted(text: Questions, static: Static, encoders: list[Encoder], report: Report) -> list[SparseProbe]:
    """Fit a probe for each property, of the static vectors and of all layers of each model side by side.

    Args:
        text: the words, and what is asked of them.
        static: the static vectors.
        encoders: the models, with what their units do at these words.
        report: what is being done -> a progress callback.
    """
    found = []
    for of in text.names:
        for encoder in (None, *encoders):
            name, sites = (STATIC, []) if encoder is None else (encoder.name, encoder.layers)
            train, dev, test = material.data(text, static, encoder, sites, of)
            progress = report(f"{of}: probe of all units, {name}")
            probe = linear.fit(jax.random.key(0), *train, settings=SPARSE, dev=dev, progress=progress)
            found.append(SparseProbe(of, name, encoder, probe, test))
    return found


def held(probes: list[SparseProbe], text: Questions) -> list[Localised]:
    """Return how many units hold half of the weight of each class of the first property."""
    first, rows = next(iter(text.names)), []
    for one in probes:
        if one.of != first:
            continue
        weights = np.atleast_2d(np.abs(np.asarray(one.probe.weights, np.float64)))
        guessed = np.asarray(linear.logits(one.probe, one.test[0])).argmax(axis=1)
        for number, name in enumerate(text.names[first][: len(weights)]):
            share = np.cumsum(np.sort(weights[number])[::-1]) / max(weights[number].sum(), 1e-30)
            own = one.test[1] == number
            recall = float((guessed[own] == number).mean()) if own.any() else None
            units = int(np.searchsorted(share, 0.5)) + 1
            rows.append(Localised(one.source, name, units, weights.shape[1], int(own.sum()), recall))
    return rows


def blocks(probes: list[SparseProbe], preset: Preset) -> list[Block]:
    """Return in which blocks the first units of each property lie."""
    rows = []
    for one in probes:
        if one.encoder is None:
            continue
        sites = one.encoder.layers
        width = one.test[0].shape[1] // len(sites)
        first = np.asarray(linear.mass_order(one.probe).order)[: preset.top] // width
        share = np.bincount(first, minlength=len(sites)) / len(first)
        depth = float(share @ np.arange(len(sites)) / (len(sites) - 1))
        told = information(linear.logits(one.probe, one.test[0]), one.test[1])
        rows.append(Block(one.of, one.source, sites, share.tolist(), depth, float(told.accuracy)))
    return rows


def of_part(text: Questions, static: Static, encoder: Encoder, site: Site) -> float | None:
    """Return the accuracy of a probe of the first property from one part of a block.

    Args:
        text: the words, and what is asked of them.
        static: the static vectors, which say which words are known.
        encoder: the model.
        site: the part.
    """
    if site not in encoder.stores["train"].sites:
        return None
    train, _, test = material.data(text, static, encoder, [site], next(iter(text.names)))
    probe = linear.fit(jax.random.key(0), *train, settings=QUICK)
    return float(information(linear.logits(probe, test[0]), test[1]).accuracy)
