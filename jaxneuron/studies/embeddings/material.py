"""What a run works on: static vectors and models that read the same words, and what is asked of these words."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron import tap
from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import ABSENT, Labelled
from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.store import Store
from jaxneuron.studies import _splits, _subject
from jaxneuron.studies._splits import SPLITS
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.embeddings import vectors
from jaxneuron.studies.embeddings.options import PROPERTIES, Options, wanted
from jaxneuron.studies.embeddings.presets import Preset
from jaxneuron.studies.embeddings.results import STATIC
from jaxneuron.studies.embeddings.vectors import Static
from jaxneuron.studies.running import Report
from jaxneuron.tap import nearest
from jaxneuron.types import Site, Tokens

PARTS = ("heads", "attention", "mlp/hidden", "mlp", "residual")
"""Of a block, from the first to the last."""

TABLE, FIRST = "embed/word", "embed"
"""The rows of a model's own table of words, and what enters its first block."""

Data = tuple[Float[np.ndarray, "word unit"], Int[np.ndarray, "word"]]


class Given(NamedTuple):
    """What a run reads before it works."""

    static: Static | None  # None: they are trained
    models: list[Subject] | None  # None: two are trained
    splits: dict[str, Labelled]
    layers: list[str]


class Worded(NamedTuple):
    """A split, word by word."""

    sentences: list[list[str]]
    labels: dict[str, Int[np.ndarray, "word"]]  # property -> class, -1 where the word has none
    row: Int[np.ndarray, "word"]  # of the static vectors, -1 where there is none


class Questions(NamedTuple):
    """The words that are asked, and by what."""

    names: dict[str, tuple[str, ...]]  # property -> its classes
    parts: dict[str, Worded]


class Encoder(NamedTuple):
    """A model, with what its units do at the words of the text."""

    name: str
    subject: Subject
    blocks: int
    stores: dict[str, Store]  # by split

    @property
    def layers(self) -> list[Site]:
        """Return what enters the first block and what leaves each."""
        return [FIRST, *(f"block{number}/residual" for number in range(self.blocks))]

    @property
    def kind(self) -> str:
        """Return whether it sees what comes after a word."""
        return "causal" if self.subject.config.causal else "masked"


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Read the vectors and the text, and open the models.

    Args:
        options: what the run is given.
        preset: the size of the run, of which nothing is needed here.
        seed: of the run, likewise.

    Raises:
        ValueError: a file of vectors that has something else, or too little text.
        KeyError: the text has no such layer of labels.
        FileNotFoundError: no data, or no model.
    """
    del preset, seed
    splits, named = _splits.read(options.data), wanted(options)
    known = splits["train"].labels
    for layer in named or ():
        if layer not in known:
            raise KeyError(f"no layer {layer!r} of words{nearest(layer, known)}; the text has {', '.join(known)}")
    layers = named or ([one for one in PROPERTIES if one in known] if options.data else list(known))
    static = None if options.vectors is None else vectors.read(options.vectors)
    sources = [one for one in (options.model, options.other) if one is not None]
    return Given(static, [_subject.load(one) for one in sources] or None, splits, layers)


def static(given: Given, preset: Preset, seed: int, report: Report) -> Static:
    """Return the static vectors that are given, or some that are trained on the text.

    Args:
        given: what the run has read.
        preset: the size of the run.
        seed: of vectors that are trained.
        report: what is being done -> a progress callback.
    """
    if given.static is not None:
        return given.static
    report("train static vectors")
    text = _splits.sample(given.splits["train"], preset.training_words, 0).sentences
    return vectors.train(jax.random.key(seed), text, width=preset.width, steps=preset.steps)


def models(given: Given, preset: Preset, seed: int, directory: Path, report: Report) -> list[tuple[str, Subject]]:
    """Return the models that are given, or a masked and a causal one that are trained on the text.

    Args:
        given: what the run has read.
        preset: the size of the run.
        seed: of models that are trained.
        directory: of the run, where they go.
        report: what is being done -> a progress callback.
    """
    if given.models is not None:
        return [("/".join(Path(one.source).parts[-2:]), one) for one in given.models]
    limits = {"train": preset.training_words, "dev": preset.held_out}
    text, dev = (_splits.sample(given.splits[split], most, 0).sentences for split, most in limits.items())
    found = []
    for number, name in enumerate(("masked model", "causal model")):
        training, place = preset.training | {"causal": bool(number)}, directory / "models" / name.split()[0]
        key = jax.random.fold_in(jax.random.key(seed), number)
        found.append((name, _subject.train(key, text, dev, place, training, report)))
    return found


def text(given: Given, static: Static, preset: Preset, seed: int) -> Questions:
    """Return the words, with the classes that enough of them have.

    Args:
        given: what the run has read.
        static: the static vectors.
        preset: the size of the run.
        seed: of the draw of sentences.

    Raises:
        ValueError: no property has two such classes.
    """
    sizes = {split: preset.words if split == "train" else preset.held_out for split in SPLITS}
    kept = {split: _splits.sample(given.splits[split], most, seed) for split, most in sizes.items()}
    names, labels = {}, {split: {} for split in SPLITS}
    for layer in given.layers:
        counts = Counter(labelled.of_words(kept["train"], layer))
        classes = sorted(name for name, count in counts.items() if count >= preset.least and name != ABSENT)
        if len(classes) < 2:
            continue
        names[layer], number = tuple(classes), {name: place for place, name in enumerate(classes)}
        for split, corpus in kept.items():
            labels[split][layer] = np.array([number.get(label, -1) for label in labelled.of_words(corpus, layer)])
    if not names:
        raise ValueError(
            f"none of {', '.join(given.layers)} has two classes of {preset.least} words or more; give more text"
        )
    rows = {split: static.rows([word for one in corpus.sentences for word in one]) for split, corpus in kept.items()}
    return Questions(names, {split: Worded(kept[split].sentences, labels[split], rows[split]) for split in SPLITS})


def parts(subject: Subject) -> dict[Site, int]:
    """Return the parts of the model's blocks, and how many units each has."""
    dummy = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))
    shapes = tap.sites(subject.forward, subject.params, dummy)
    return {
        site: shapes[site].shape[-1]
        for number in range(subject.config.blocks)
        for site in (f"block{number}/{part}" for part in PARTS)
        if site in shapes
    }


def encoder(name: str, subject: Subject, text: Questions, directory: Path, report: Report) -> Encoder:
    """Let a model read the words of all splits, or go on where that was stopped.

    Args:
        name: of the model, for its folder and the page.
        subject: the model.
        text: the words that it reads.
        directory: of the run, where the activations go.
        report: what is being done -> a progress callback.
    """
    sites = [TABLE, FIRST, *(site for site in parts(subject) if not site.endswith("/hidden"))]
    stores = {
        split: extract(
            subject.model,
            portion.sentences,
            directory / "store" / name / split,
            sites=sites,
            settings=Settings(dtype="float16"),
            progress=report(f"{name}: read {split}"),
        )
        for split, portion in text.parts.items()
    }
    return Encoder(name, subject, subject.config.blocks, stores)


def sources(encoders: Sequence[Encoder]) -> list[tuple[str, Encoder | None, list[Site]]]:
    """Return whose units a Gaussian probe reads: static vectors, and of each model its words' table and last layer."""
    found: list[tuple[str, Encoder | None, list[Site]]] = [(STATIC, None, [])]
    for one in encoders:
        found += [(f"{one.name}, words", one, [TABLE]), (f"{one.name}, last layer", one, [one.layers[-1]])]
    return found


def data(text: Questions, static: Static, encoder: Encoder | None, sites: Sequence[Site], of: str) -> list[Data]:
    """Return train, dev and test of a property, of the words that have it and that the static vectors know.

    Args:
        text: the words.
        static: the vectors, which say which words are known.
        encoder: whose units; None: those of the static vectors.
        sites: of the model, side by side.
        of: the property.
    """
    found = []
    for split, portion in text.parts.items():
        here = asked(portion, of)
        if encoder is None:
            values = static.vectors[portion.row[here]]
        else:
            values = np.concatenate([encoder.stores[split][site][:][here] for site in sites], axis=1)
        found.append((np.asarray(values, np.float32), portion.labels[of][here]))
    return found


def asked(portion: Worded, of: str) -> Bool[np.ndarray, "word"]:
    """Return which words have a property and a static vector."""
    return (portion.labels[of] >= 0) & (portion.row >= 0)
