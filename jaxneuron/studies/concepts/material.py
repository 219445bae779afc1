"""What a run works on: a model, treebanks, and the activations and labels of their words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron import store
from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.extract.to_store import extract
from jaxneuron.studies._splits import SPLITS, sample
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.tap import nearest
from jaxneuron.types import Site


class Part(NamedTuple):
    """A split of a text, word by word."""

    sentences: list[list[str]]
    labels: dict[str, Int[np.ndarray, "word"]]  # layer -> class of each word
    store: store.Store

    def activations(self, *sites: Site) -> Any:
        """Return the units of some sites side by side, of which nothing is read yet."""
        return self.store.joined(*sites)


class Text(NamedTuple):
    """A treebank."""

    name: str
    names: dict[str, tuple[str, ...]]  # layer -> its classes; those that occur in train first
    parts: dict[str, Part]


def check_layers(corpus: Labelled, name: str, layers: Sequence[str]) -> None:
    """Raise a KeyError if words have no such labels.

    Args:
        corpus: words with labels.
        name: of the text, for the error.
        layers: names of layers.
    """
    for layer in layers:
        if layer not in corpus.labels:
            sentence = ", which labels sentences" if layer in corpus.sentence_labels else ""
            raise KeyError(
                f"{name} has no layer {layer!r} of words{sentence}{nearest(layer, corpus.labels)}; "
                f"it has {', '.join(corpus.labels) or 'none'}"
            )


def prepare(
    subject: Subject,
    name: str,
    splits: dict[str, Labelled],
    layers: Sequence[str],
    directory: Path,
    preset: Preset,
    *,
    seed: int,
    report: Report,
) -> Text:
    """Extract the activations of all splits, or go on where that was stopped.

    Args:
        subject: the model.
        name: of the text, for its folder.
        splits: its sentences.
        layers: of labels.
        directory: of the run.
        preset: how many words.
        seed: of the draw of sentences.
        report: what is being done -> a progress callback.

    """
    kept = {
        split: sample(splits[split], preset.words if split == "train" else preset.held_out, seed) for split in SPLITS
    }
    names = {}
    for layer in layers:
        first = labelled.label_names(layer, kept["train"])
        others = labelled.label_names(layer, kept["dev"], kept["test"])
        names[layer] = (*first, *(label for label in others if label not in first))
    parts = {}
    for split, corpus in kept.items():
        found = extract(
            subject.model,
            corpus.sentences,
            directory / "store" / name / split,
            progress=report(f"{name}: read {split}"),
        )
        ids = {layer: labelled.classes(corpus, layer, names=names[layer]).ids for layer in layers}
        parts[split] = Part(corpus.sentences, ids, found)
    return Text(name, names, parts)
