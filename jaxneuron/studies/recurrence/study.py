"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from typing import NamedTuple

import jax
from jaxtyping import Array

from jaxneuron.comoments import Comoments
from jaxneuron.store import Store
from jaxneuron.studies import Study, running
from jaxneuron.studies.recurrence import comparing, erasing, material
from jaxneuron.studies.recurrence.claims import claims
from jaxneuron.studies.recurrence.comparing import Compared
from jaxneuron.studies.recurrence.material import Texts
from jaxneuron.studies.recurrence.options import COMMAND, Options
from jaxneuron.studies.recurrence.page import PAGE
from jaxneuron.studies.recurrence.presets import PRESETS, Preset
from jaxneuron.studies.recurrence.results import Alike, Erased, Found, OfSeed, Results, Scores
from jaxneuron_models.model import Model

Run = running.Run[Texts, Preset, Options]


class Draws(NamedTuple):
    """Of what is random, after the training."""

    rotate: Array
    erase: Array


def read(options: Options, preset: Preset, seed: int) -> Texts:
    """Read the text.

    Args:
        options: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    return material.read(options.data, options.text_column, preset)


def prepare(run: Run) -> list[Model]:
    """Train the models."""
    return material.train(run.seed, run.given, run.preset, run.directory, run.report)


def unknown(run: Run) -> dict[str, float]:
    """Return how much of each split the models do not know."""
    return run.unknown(run.of(prepare)[0].vocabulary, run.given._asdict())


def _keys(run: Run) -> Draws:
    return Draws(*jax.random.split(jax.random.fold_in(jax.random.key(run.seed), 1000)))


def _states(run: Run) -> list[Store]:
    return material.states(run.of(prepare), run.given, run.preset, run.directory, run.report)


def _sites(run: Run) -> list[str]:
    return material.sites(run.of(prepare)[0])


def _layers(run: Run) -> list[int]:
    return [run.of(_states)[0].sites[site] for site in run.of(_sites)]


def _sums(run: Run) -> dict[tuple[int, int], Comoments]:
    return comparing.sums(run.of(_states), run.of(_sites), run.report)


def _compared(run: Run) -> list[Compared]:
    return comparing.compared(run.of(_keys).rotate, run.of(_sums), run.of(_layers), run.preset.models)


def _models(run: Run) -> list[OfSeed]:
    return material.described(run.of(prepare), run.given, run.directory)


def _scores(run: Run) -> list[Scores]:
    return comparing.scores(run.of(_compared), run.of(_sites), run.of(_layers))


def _alike(run: Run) -> list[Alike]:
    return comparing.alike(run.of(_sums), run.of(_layers))


def _erased(run: Run) -> list[Erased]:
    models, found, text = run.of(prepare), run.of(_compared), run.given.dev
    where = run.of(_sites), run.of(_layers)
    return erasing.erased(run.of(_keys).erase, models, found, text, *where, run.preset, report=run.report)


def found(run: Run) -> list[Found]:
    """Return every unit with its best partner, and the words of both."""
    text = run.given.dev[: run.preset.compared]
    return comparing.units(run.of(_compared), run.of(_states), run.of(_sites), text)


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=read,
    prepare=prepare,
    stages={"models": _models, "sites": _sites, "scores": _scores, "alike": _alike, "erased": _erased},
    results=Results,
    claims=claims,
    page=PAGE,
    found=found,
    unknown=unknown,
)
