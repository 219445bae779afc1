"""What a run works on: sentences of two known languages, and a model that learned to translate."""

from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxneuron.studies.running import Report
from jaxneuron.studies.translation import grammar, training, turning
from jaxneuron.studies.translation.grammar import Meaning
from jaxneuron.studies.translation.options import Options
from jaxneuron.studies.translation.presets import Preset
from jaxneuron.studies.translation.results import Translator
from jaxneuron.studies.translation.training import Pupil


class Given(NamedTuple):
    """What a run reads before it works."""

    train: list[Meaning]
    dev: list[Meaning]
    asked: list[Meaning]  # none of which is trained on
    held_out: np.ndarray  # [asked], whose subjects and verbs are others than those that units are found on


def read(options: Options, preset: Preset, seed: int) -> Given:
    """Draw the sentences.

    Args:
        options: what the run is given: nothing.
        preset: the size of the run.
        seed: of the draw.
    """
    del options
    parts = [grammar.asked(preset.asked, seed, held_out=side) for side in (False, True)]
    asked = [one for part in parts for one in part]
    drawn = grammar.meanings(preset.sentences + preset.batch, seed, asked)
    held_out = np.repeat([False, True], preset.asked)
    return Given(drawn[: preset.sentences], drawn[preset.sentences :], asked, held_out)


def pupil(given: Given, preset: Preset, seed: int, directory: Path, report: Report) -> Pupil:
    """Return the model, which is trained here.

    Args:
        given: what the run has read.
        preset: the size of the run.
        seed: of the weights and the order of the sentences.
        directory: of the run, where the model goes.
        report: what is being done -> a progress callback.
    """
    pairs, dev = ([(grammar.english(one), grammar.other(one)) for one in part] for part in (given.train, given.dev))
    return training.fit(jax.random.key(seed), pairs, dev, directory / "model", preset, report)


def translator(given: Given, pupil: Pupil) -> Translator:
    """Return how well the model translates the sentences that are asked, which it was not trained on."""
    written = pupil.write(pupil.source([grammar.english(one) for one in given.asked]))
    right = np.mean([one == grammar.other(said) for one, said in zip(written, given.asked, strict=True)])
    sites = dict.fromkeys(turning.sites(pupil), pupil.config.width)
    words = len(pupil.vocabularies[0].words), len(pupil.vocabularies[1].words)
    return Translator(sites, words, len(given.train), len(given.asked), float(right))
