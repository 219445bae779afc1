"""What a run works on: the texts, and one LSTM from several seeds."""

import json
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.corpora import texts, vocabulary
from jaxneuron.corpora.vocabulary import END
from jaxneuron.extract.to_store import extract
from jaxneuron.store import Store
from jaxneuron.studies.recurrence.presets import Preset
from jaxneuron.studies.recurrence.results import OfSeed
from jaxneuron.studies.running import Report
from jaxneuron.types import Site
from jaxneuron_models import lstm_training
from jaxneuron_models.baselines import unigram
from jaxneuron_models.model import Model
from jaxneuron_models.train import apart


class Texts(NamedTuple):
    """The texts of a run, as words."""

    train: list[list[str]]
    dev: list[list[str]]  # early stopping; and over which units are compared


def read(path: Path | None, column: str | None, preset: Preset) -> Texts:
    """Read the text, or take the captions of the embedded scenes.

    Args:
        path: of the text; None: what is embedded.
        column: of the text in its file; None: the usual one.
        preset: the sizes of the run.

    Raises:
        FileNotFoundError, ValueError: see `corpora.texts.train_and_dev`.
    """
    train, dev = texts.train_and_dev(path, text=column)
    return Texts(train[: preset.sentences], dev[: max(preset.compared, preset.erased)])


def train(seed: int, given: Texts, preset: Preset, directory: Path, report: Report) -> list[Model]:
    """Train a model from each seed, or go on with its training, and load all.

    Args:
        seed: of all that is drawn.
        given: what was read.
        preset: the sizes of the run.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    schedule, options = apart(lstm_training.SCHEDULE, preset.training)
    models = []
    for number in range(preset.models):
        place = directory / f"model{number}"
        lstm_training.fit(
            jax.random.fold_in(jax.random.key(seed), number),
            given.train,
            given.dev,
            place,
            schedule=schedule,
            symbol="word",
            width=preset.width,
            embedding=preset.embedding,
            layers=preset.layers,
            progress=report(f"train model {number + 1} of {preset.models}"),
            **options,
        )
        models.append(lstm_training.load(place))
    return models


def sites(model: Model) -> list[Site]:
    """Return the layers that are compared: the words' vectors, and the hidden states."""
    return ["embed", *(f"lstm{number}/hidden" for number in range(model.config.layers))]


def states(models: list[Model], given: Texts, preset: Preset, directory: Path, report: Report) -> list[Store]:
    """Return what the units of each model are at each held-out word, on disk.

    Args:
        models: that are compared.
        given: what was read.
        preset: the sizes of the run.
        directory: of the run; what an earlier run left there is read.
        report: told what is being done.
    """
    found = []
    for number, model in enumerate(models):
        place = directory / "states" / f"model{number}"
        progress = report(f"read with model {number + 1} of {len(models)}")
        found.append(extract(model, given.dev[: preset.compared], place, sites=sites(model), progress=progress))
    return found


def described(models: list[Model], given: Texts, directory: Path) -> list[OfSeed]:
    """Return how good each model is, beside one that only counts words.

    Args:
        models: that are compared.
        given: what was read.
        directory: of the run.
    """
    words = models[0].vocabulary
    encoded = [vocabulary.encode(words, some) for some in given]
    counted = unigram.perplexity(*encoded, end=END, vocabulary_size=len(words.words)).perplexity
    found = []
    for number, model in enumerate(models):
        measured = lstm_training.measure(model, given.dev)
        curves = json.loads((directory / f"model{number}" / "curves.json").read_text(encoding="utf-8"))
        size = int(sum(np.size(leaf) for leaf in jax.tree.leaves(model.params)))
        found.append(
            OfSeed(number, measured.perplexity, float(counted), measured.count, len(words.words), size, curves)
        )
    return found
