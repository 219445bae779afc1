"""The models under study: an encoder with a head for labels, one with a head for spans, and the text CNN."""

import functools
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.studies._kept import keep
from jaxneuron.studies._subject import Subject, load
from jaxneuron.studies.attribution.material import Data, Net, Read, Texts, read_subwords, read_words, take
from jaxneuron.studies.attribution.presets import Preset
from jaxneuron.studies.running import Report
from jaxneuron.tap import sites
from jaxneuron.types import Site, Tokens
from jaxneuron_models import heads, text_cnn_training, transformer_training
from jaxneuron_models.model import Model
from jaxneuron_models.train import apart

BLANKS = ("[PAD]", "<pad>", "<BEG>", "[MASK]", "<mask>", "<unk>", "<|endoftext|>")
"""What may stand for nothing, the first that a tokenizer knows."""

GRAIN = 6
"""Lengths of the text that a small encoder is trained on are multiples of it: each length is compiled on its own."""


class Spans(NamedTuple):
    """Texts with the tokens where their span starts and ends."""

    read: Read
    place: np.ndarray  # [text, 2]
    rows: np.ndarray  # which of the given texts they are: those whose span was read


def encoder(key: jax.Array, data: Data, out: Path, preset: Preset, report: Report) -> Subject:
    """Train a small encoder on the texts, or go on.

    Args:
        key: one key.
        data: texts to learn from.
        out: of the run; what an earlier run left there is read.
        preset: the sizes of the run.
        report: told what is being done.
    """
    parts = [task for task in data if task is not None]
    text, dev = ([words for task in parts for words in task[split].sentences] for split in ("train", "dev"))
    text, dev = _words(text, preset.training_words), _words(dev, preset.training_words and preset.training_words // 10)
    progress = report("train a transformer")
    schedule, options = apart(transformer_training.SCHEDULE, preset.training)
    transformer_training.fit(key, text, dev, out / "model", schedule=schedule, progress=progress, **options)
    return load(out / "model")


def _words(sentences: list[list[str]], count: int | None) -> list[list[str]]:
    """Return sentences of about so many words, drawn at random, each cut to a multiple of `GRAIN` words."""
    whole = [
        sentence[: len(sentence) // GRAIN * GRAIN] for sentence in sentences if len(sentence) >= GRAIN
    ] or sentences
    order = np.random.default_rng(0).permutation(len(whole))
    ends = np.cumsum([len(whole[row]) for row in order])
    return [whole[row] for row in order[: len(order) if count is None else 1 + np.searchsorted(ends, count)]]


def layers(subject: Any) -> tuple[Site, ...]:
    """Return an encoder's layers: the words, and what leaves each block."""
    word = Tokens(jnp.zeros((1, 1), jnp.int32), jnp.ones((1, 1), bool))
    known = sites(subject.forward, subject.params, word)
    last = ("final",) if "final" in known else ()
    return ("embed/word", *(site for site in known if site.endswith("/residual")), *last)


def classifier(
    key: jax.Array, subject: Subject, train: Texts, dev: Texts, out: Path, preset: Preset, report: Report
) -> Net:
    """Train a head that tells the label of a text from the mean of the last layer, or go on.

    Args:
        key: one key.
        subject: the model, with what it reads by.
        train: texts to learn from.
        dev: other texts, by which training stops.
        out: of the run; what an earlier run left there is read.
        preset: the sizes of the run.
        report: told what is being done.
    """
    names = tuple(sorted({str(label) for label in train.labels}))
    read, number = _reader(subject, preset), {name: place for place, name in enumerate(names)}
    config = _config(subject, preset, names, "mean")
    given = [
        (read(texts.sentences).tokens, np.array([number[str(label)] for label in texts.labels], np.int32))
        for texts in (train, dev)
    ]
    model = _head(key, subject, config, given, out / "label_head", preset, report("train a head for labels"))
    return _net("encoder", model, subject, read)


def extractor(
    key: jax.Array, subject: Subject, train: Texts, dev: Texts, out: Path, preset: Preset, report: Report
) -> Net:
    """Train a head that scores where a span starts and where it ends, or go on.

    Args:
        key: one key.
        subject: the model, with what it reads by.
        train: texts with a span in each.
        dev: others of that kind, by which training stops.
        out: of the run; what an earlier run left there is read.
        preset: the sizes of the run.
        report: told what is being done.
    """
    read = _reader(subject, preset)
    config = _config(subject, preset, ("start", "end"), "words")
    given = [(found.read.tokens, found.place) for texts in (train, dev) if (found := spans(read, texts))]
    model = _head(key, subject, config, given, out / "span_head", preset, report("train a head for spans"))
    return _net("encoder", model, subject, read)


def cnn(key: jax.Array, train: Texts, dev: Texts, out: Path, preset: Preset, report: Report) -> Net:
    """Train the text CNN, or go on.

    Args:
        key: one key.
        train: texts to learn from.
        dev: other texts, by which training stops.
        out: of the run; what an earlier run left there is read.
        preset: the sizes of the run.
        report: told what is being done.
    """
    schedule, options = apart(text_cnn_training.SCHEDULE, preset.cnn)
    text_cnn_training.fit(
        key,
        (train.sentences, [str(label) for label in train.labels]),
        (dev.sentences, [str(label) for label in dev.labels]),
        out / "text_cnn",
        schedule=schedule,
        longest=preset.longest,
        progress=report("train a text CNN"),
        **options,
    )
    model = text_cnn_training.load(out / "text_cnn")
    convolutions = tuple(f"conv{width}" for width in model.config.widths)
    read = functools.partial(read_words, model.vocabulary, longest=preset.longest)
    cuts = ("embed/word", "pool")
    return Net("text CNN", model.forward, model.params, read, 0, ("embed/word", *convolutions, "pool"), cuts)


def spans(read: Any, texts: Texts) -> Spans:
    """Return the texts whose span can be seen by the model, with the first and the last sub-word of it.

    Raises:
        ValueError: no span can be seen.
    """
    given = read(texts.sentences)
    rows, places = [], []
    for row, (first, last) in enumerate(texts.labels):
        start, end = np.flatnonzero(given.word[row] == first), np.flatnonzero(given.word[row] == last)
        if len(start) and len(end):
            rows.append(row)
            places.append((start[0], end[-1]))
    if not rows:
        raise ValueError(f"no span lies in the first {given.word.shape[1]} sub-words of its text; read longer ones")
    return Spans(take(given, np.array(rows)), np.array(places, np.int32), np.array(rows))


def _reader(subject: Subject, preset: Preset) -> Any:
    longest = min(preset.longest, subject.config.window)
    return functools.partial(read_subwords, subject.tokenizer, longest=longest)


def _config(subject: Subject, preset: Preset, names: tuple[str, ...], reads: str) -> heads.HeadConfig:
    return heads.HeadConfig(
        layers(subject)[-1], subject.config.width, len(names), hidden=preset.hidden, reads=reads, names=names
    )


def _head(
    key: jax.Array, subject: Subject, config: heads.HeadConfig, given: Any, out: Path, preset: Preset, progress: Any
) -> Model:
    def train() -> bool:
        schedule, options = apart(heads.SCHEDULE, preset.head)
        heads.fit(key, subject, config, given[0], given[1], out, schedule=schedule, progress=progress, **options)
        return True

    keep(out / "stages" / "trained.json", bool, train)
    return heads.load(out, subject)


def _net(name: str, model: Model, subject: Subject, read: Any) -> Net:
    known = subject.tokenizer
    blank = next((number for word in BLANKS if (number := known.token_to_id(word)) is not None), 0)
    found = layers(subject)
    return Net(name, model.forward, model.params, read, blank, found, found)
