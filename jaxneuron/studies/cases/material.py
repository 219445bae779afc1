"""What a run works on: a model, and a text in two parts, of which one chooses units and the other asks them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.corpora import concepts, word_lists
from jaxneuron.corpora.labelled import Labelled, build
from jaxneuron.extract.to_store import extract
from jaxneuron.studies import _splits, _subject
from jaxneuron.studies.cases import grammar
from jaxneuron.studies.cases.options import Options
from jaxneuron.studies.cases.presets import Preset
from jaxneuron.studies.cases.programs import programs
from jaxneuron.studies.running import Report
from jaxneuron_models.model import Model
from jaxneuron_models.open import open

VERB = ("VERB", "AUX")
"""The parts of speech of the case `verb`, where the text has them."""


class Portion(NamedTuple):
    """A part of the text, with the cases that each word is one of."""

    sentences: list[list[str]]
    cases: dict[str, Bool[np.ndarray, "word"]]

    @property
    def sentence(self) -> Int[np.ndarray, "word"]:
        """Return the number of each word's sentence."""
        return np.repeat(np.arange(len(self.sentences)), [len(one) for one in self.sentences])


class Layers(NamedTuple):
    """What all units do at the words of a text."""

    value: Float[np.ndarray, "word unit"]
    place: list[tuple[str, int]]  # site and number of each unit


class Given(NamedTuple):
    """What a run reads before it works."""

    model: Model | None  # None: one is trained
    training: tuple[list[list[str]], list[list[str]]]  # and on this text, and that one
    choose: Portion
    ask: Portion


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Read the text, the word lists and the model.

    Args:
        options: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        ValueError, FileNotFoundError: what is wrong with one of them.
    """
    lists = {} if options.words is None else word_lists.read(options.words)
    if options.data is None:
        train, dev, test = (grammar.sentences(preset.sentences, seed + number) for number in range(3))
        splits = dict(zip(_splits.SPLITS, map(build, (train, dev, test)), strict=True))
    else:
        splits = _splits.read(options.data)
    model = None if options.model is None else open(options.model)
    training = splits["train"].sentences, splits["dev"].sentences[: len(splits["train"].sentences) // 10 + 1]
    parts = [_splits.sample(splits[split], preset.read, seed) for split in ("train", "test")]
    return Given(
        model, training, *(_text(part, {name: frozenset(words) for name, words in lists.items()}) for part in parts)
    )


def _text(corpus: Labelled, lists: dict[str, frozenset[str]]) -> Portion:
    known = programs(lists)
    found = concepts.annotate(build(corpus.sentences), known)
    cases = {name: np.array([one == concepts.NAMES[1] for row in found.labels[name] for one in row]) for name in known}
    if "upos" in corpus.labels and "verb" not in lists:
        cases["verb"] = np.array([one in VERB for row in corpus.labels["upos"] for one in row])
    return Portion(corpus.sentences, cases)


def opened(given: Given, preset: Preset, seed: int, directory: Path, report: Report) -> Model:
    """Return the model that is given, or one that is trained on the text.

    Args:
        given: what was read.
        preset: the sizes of the run.
        seed: of all that is drawn.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    if given.model is not None:
        return given.model
    return _subject.train(jax.random.key(seed), *given.training, directory / "model", preset.training, report).model


def activations(model: Model, sentences: Sequence[list[str]], directory: Path, report: Report, what: str) -> Layers:
    """Return what the layers do at every word, read now or by an earlier run.

    Args:
        model: that is asked.
        sentences: the words of each text.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
        what: is being read, for the report.
    """
    store = extract(model, sentences, directory / "store" / what, progress=report(f"read the text: {what}"))
    places = [(site, unit) for site, width in store.sites.items() for unit in range(width)]
    return Layers(np.asarray(store.joined(*store.sites)[:]), places)
