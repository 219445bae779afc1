"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from typing import Any

import numpy as np
from scipy.stats import spearmanr

from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import ABSENT
from jaxneuron.studies import Study, running
from jaxneuron.studies.embeddings import erasing, experts, material, spreading
from jaxneuron.studies.embeddings.claims import claims
from jaxneuron.studies.embeddings.few import few
from jaxneuron.studies.embeddings.material import Encoder, Given, Questions
from jaxneuron.studies.embeddings.options import COMMAND, Options
from jaxneuron.studies.embeddings.page import PAGE
from jaxneuron.studies.embeddings.presets import PRESETS, Preset
from jaxneuron.studies.embeddings.results import (
    STATIC,
    Block,
    Component,
    Expert,
    Few,
    Importance,
    Localised,
    Origin,
    Results,
)
from jaxneuron.studies.embeddings.spreading import SparseProbe
from jaxneuron.studies.embeddings.vectors import Static

Run = running.Run[Given, Preset, Options]


def prepare(run: Run) -> Static:
    """Return the static vectors."""
    return material.static(run.given, run.preset, run.seed, run.report)


def _text(run: Run) -> Questions:
    return material.text(run.given, run.of(prepare), run.preset, run.seed)


def _encoders(run: Run) -> list[Encoder]:
    found = material.models(run.given, run.preset, run.seed, run.directory, run.report)
    return [material.encoder(name, one, run.of(_text), run.directory, run.report) for name, one in found]


def _sources(run: Run) -> list[Origin]:
    static, row = run.of(prepare), run.of(_text).parts["train"].row
    found = [Origin(STATIC, static.vectors.shape[1], "static", float((row >= 0).mean()))]
    return found + [Origin(one.name, one.subject.config.width, one.kind, 1.0) for one in run.of(_encoders)]


def _frequent(run: Run) -> list[float]:
    vectors = run.of(prepare).vectors
    place = -np.arange(len(vectors))
    found: list[Any] = [spearmanr(column, place) for column in vectors.T]
    return [float(one.statistic) for one in found]


def _erased(run: Run) -> list[Importance]:
    train = run.given.splits["train"]
    words = [word for sentence in train.sentences for word in sentence]
    tagged = {
        layer: [pair for pair in zip(words, labelled.of_words(train, layer), strict=True) if pair[1] != ABSENT]
        for layer in run.of(_text).names
    }
    asked = erasing.tasks(run.of(prepare), tagged, run.preset, run.seed)
    return erasing.erased(run.of(prepare), asked, run.preset, run.seed, run.report)


def _few(run: Run) -> list[Few]:
    return few(run.of(_text), run.of(prepare), run.of(_encoders), run.preset, run.report)


def _fitted(run: Run) -> list[SparseProbe]:
    return spreading.fitted(run.of(_text), run.of(prepare), run.of(_encoders), run.report)


def _classes(run: Run) -> list[Localised]:
    return spreading.held(run.of(_fitted), run.of(_text))


def _blocks(run: Run) -> list[Block]:
    return spreading.blocks(run.of(_fitted), run.preset)


def _told(run: Run) -> tuple[list[Component], list[Expert]]:
    given = run.of(_text), run.of(prepare), run.of(_encoders)
    return experts.found(*given, run.preset, run.seed, run.directory, run.report)


def _parts(run: Run) -> list[Component]:
    return run.of(_told)[0]


def _experts(run: Run) -> list[Expert]:
    return run.of(_told)[1]


STUDY = Study(
    COMMAND,
    results=Results,
    presets=PRESETS,
    read=material.read,
    prepare=prepare,
    stages={
        "sources": _sources,
        "frequent": _frequent,
        "erased": _erased,
        "few": _few,
        "classes": _classes,
        "blocks": _blocks,
        "parts": _parts,
        "experts": _experts,
    },
    claims=claims,
    page=PAGE,
    found=_few,
)
