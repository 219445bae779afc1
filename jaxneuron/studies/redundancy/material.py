"""What a run works on: for each task, the activations of all layers, and the labels of words or of texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.studies import _splits
from jaxneuron.studies._splits import SPLITS
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.redundancy.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.tap import nearest
from jaxneuron.types import Site

Data = tuple[Float[np.ndarray, "row unit"], Int[np.ndarray, "row"]]
"""Activations of all layers side by side, and the class of each row."""


class Asked(NamedTuple):
    """A task as it is given."""

    name: str
    layer: str  # of labels
    each: str  # what has one: word or text
    splits: dict[str, Labelled]


class Posed(NamedTuple):
    """A task as probes see it."""

    asked: Asked
    names: tuple[str, ...]  # of the classes
    sites: dict[Site, int]  # site -> units, in the order of the columns
    train: Data
    dev: Data
    test: Data
    sentences: list[list[str]]  # of test


def given(name: str, splits: dict[str, Labelled], wanted: Sequence[str]) -> Asked:
    """Return the task that a text is.

    Args:
        name: of the text.
        splits: its sentences and labels.
        wanted: layers of labels, of which the first that the text has is taken; none: its first one.

    Raises:
        ValueError: a text without labels.
        KeyError: it has none of the layers that are wanted.
    """
    train = splits["train"]
    known = [*train.sentence_labels, *train.labels]
    if not known:
        raise ValueError(f"{name} has no labels; give a text with a label for each word or each text")
    layer = next((one for one in wanted or known if one in known), None)
    if layer is None:
        near = nearest(wanted[0], known)
        raise KeyError(f"{name} has no layer {' or '.join(map(repr, wanted))}{near}; it has {', '.join(known)}")
    for split, corpus in splits.items():
        if layer not in (*corpus.sentence_labels, *corpus.labels):
            raise KeyError(f"{name} has no layer {layer!r} in {split}; give each split the same labels")
    return Asked(name, layer, "text" if layer in train.sentence_labels else "word", splits)


def scenes() -> list[Asked]:
    """Return the tasks of the embedded scenes: the kind of each word, and whether a caption has a plural."""
    splits = _splits.read(None)
    several = {
        split: labelled.build(
            corpus.sentences,
            sentence_labels={"several": ["yes" if "positive" in row else "no" for row in corpus.labels["plural"]]},
        )
        for split, corpus in splits.items()
    }
    return [given("scenes", splits, ["kind"]), given("captions", several, ["several"])]


def pose(asked: Asked, subject: Subject, directory: Path, preset: Preset, *, seed: int, report: Report) -> Posed:
    """Extract the activations of a task, or go on where that was stopped.

    Args:
        asked: the task.
        subject: the model.
        directory: of the run.
        preset: how much of the text.
        seed: of the draw of sentences.
        report: what is being done -> a progress callback.

    Raises:
        ValueError: all texts have one label.
    """
    kept = {split: _some(asked, split, preset, seed) for split in SPLITS}
    first = labelled.label_names(asked.layer, kept["train"])
    others = labelled.label_names(asked.layer, kept["dev"], kept["test"])
    names = (*first, *(label for label in others if label not in first))
    if len(first) < 2:
        raise ValueError(
            f"{asked.name}: every {asked.each} has the label {', '.join(first)}; expected at least two labels"
        )
    parts: dict[str, Data] = {}
    sites: dict[Site, int] = {}
    for split, corpus in kept.items():
        found = extract(
            subject.model,
            corpus.sentences,
            directory / "store" / asked.name / split,
            settings=Settings(pool="mean" if asked.each == "text" else None),
            progress=report(f"{asked.name}: read {split}"),
        )
        sites = dict(found.sites)
        parts[split] = (found.joined(*sites)[:], labelled.classes(corpus, asked.layer, names=names).ids)
    train, dev, test = (parts[split] for split in SPLITS)
    return Posed(asked, names, sites, train, dev, test, kept["test"].sentences)


def _some(asked: Asked, split: str, preset: Preset, seed: int) -> Labelled:
    """Return the sentences of a split that are read."""
    corpus, share = asked.splits[split], 1.0 if split == "train" else preset.held_out
    if asked.each == "word":
        return _splits.sample(corpus, preset.words and round(share * preset.words), seed)
    return _splits.draw(corpus, preset.texts and round(share * preset.texts), seed)
