"""What a run works on: a model, treebanks, and the activations and labels of their words."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from jaxneuron import store
from jaxneuron.corpora import concepts, labelled, scenes, texts
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.extract.to_store import extract
from jaxneuron.studies._subject import Subject, load
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.tap import nearest
from jaxneuron.types import Site
from jaxneuron_models import transformer_training
from jaxneuron_models.train import apart

SPLITS = ("train", "dev", "test")


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


def train(key: jax.Array, splits: dict[str, Labelled], directory: Path, preset: Preset, report: Report) -> Subject:
    """Train a small language model on the text itself."""
    drawn = (sample(splits["train"], preset.training_words, 0), sample(splits["dev"], preset.held_out, 0))
    text, dev = (corpus.sentences for corpus in drawn)
    schedule, options = apart(transformer_training.SCHEDULE, preset.training)
    progress = report("train a transformer")
    transformer_training.fit(key, text, dev, directory, schedule=schedule, progress=progress, **options)
    return load(directory)


def read(path: Path | None, *, text: str | None = None, label: str | None = None) -> dict[str, Labelled]:
    """Return the three splits of a text.

    Of a folder without a train split, nine tenths of dev are trained on; of one file, eight tenths.

    Args:
        path: see `texts.read`; None for the captions of the embedded scenes, labelled by program.
        text: the column of the text, see `texts.read`.
        label: the column of the label.

    Raises:
        FileNotFoundError, ValueError: see `texts.read`, or too few sentences.
    """
    if path is None:
        return {split: _scenes(split) for split in SPLITS}
    opened = partial(texts.read, path, text=text, label=label)
    if not path.is_dir():
        return _cut(opened(), {"train": 0.8, "dev": 0.1, "test": 0.1}, path)
    test = opened("test")
    try:
        return {"train": opened("train"), "dev": opened("dev"), "test": test}
    except FileNotFoundError:
        return _cut(opened("dev"), {"train": 0.9, "dev": 0.1}, path) | {"test": test}


def _scenes(split: str) -> Labelled:
    """Return captions with the kind of each word, whether it is a plural, and whether an article stands before it."""
    lexicon = scenes.lexicon
    groups = ("OBJECTS", "COLOURS", "SIZES", "COUNTS", "ACTIONS", "RELATIONS", "PLACES")
    kind = {name.replace("_", " "): group.lower()[:-1] for group in groups for name in getattr(lexicon, group)}
    plural = {word.split("/")[1] for kind in lexicon.OBJECTS.values() for word in kind.words.split()}
    captions = scenes.read(split).sentences
    kinds = [[kind.get(scenes.MEANING.get(word, ""), "function") for word in sentence] for sentence in captions]
    found = labelled.build(captions, labels={"kind": kinds})
    return concepts.annotate(
        found,
        {"plural": plural, "after_article": lambda words, i: i > 0 and words[i - 1] in ("a", "an", "the")},
    )


def _cut(corpus: Labelled, shares: dict[str, float], path: Path) -> dict[str, Labelled]:
    if len(corpus.sentences) < 10:
        raise ValueError(f"{path} has {len(corpus.sentences)} sentences; expected at least 10 to train and test on")
    ends = np.cumsum([0, *shares.values()]) * len(corpus.sentences)
    spans = zip(shares, ends.astype(int), ends.astype(int)[1:], strict=False)
    return {split: _take(corpus, np.arange(first, last)) for split, first, last in spans}


def _take(corpus: Labelled, rows: Sequence[int] | np.ndarray) -> Labelled:
    return labelled.build(
        [corpus.sentences[row] for row in rows],
        labels={layer: [values[row] for row in rows] for layer, values in corpus.labels.items()},
    )


def sample(corpus: Labelled, words: int | None, seed: int) -> Labelled:
    """Return sentences of about so many words, drawn at random, in their order."""
    lengths = np.array([len(sentence) for sentence in corpus.sentences])
    if words is None or lengths.sum() <= words:
        return corpus
    drawn = np.random.default_rng(seed).permutation(len(lengths))
    return _take(corpus, np.sort(drawn[: 1 + np.searchsorted(np.cumsum(lengths[drawn]), words)]))


def check_layers(corpus: Labelled, name: str, layers: Sequence[str]) -> None:
    """Raise a KeyError if words have no such labels."""
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
