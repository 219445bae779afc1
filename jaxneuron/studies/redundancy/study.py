"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from typing import NamedTuple

import jax

from jaxneuron.evaluate.feature_selection import Selection
from jaxneuron.studies import _splits, running
from jaxneuron.studies._study import Study
from jaxneuron.studies._subject import Subject, closed_vocabulary, load, train
from jaxneuron.studies.redundancy import general, material, missed, tasks
from jaxneuron.studies.redundancy.claims import claims
from jaxneuron.studies.redundancy.material import Asked, Posed
from jaxneuron.studies.redundancy.options import COMMAND, Options, layers
from jaxneuron.studies.redundancy.page import PAGE
from jaxneuron.studies.redundancy.presets import PRESETS, Preset
from jaxneuron.studies.redundancy.results import General, Needed, Results, Task, Without
from jaxneuron.studies.redundancy.tasks import Probes


class Given(NamedTuple):
    """What a run reads before it works."""

    subject: Subject | None  # None: one is trained
    tasks: list[Asked]  # the layers and units of the model are compared on the first


Run = running.Run[Given, Preset, Options]


def read(asked: Options, preset: Preset, seed: int) -> Given:
    """Read the texts, and open the model that is given.

    Args:
        asked: which texts, labels and model.
        preset: the sizes of the run.
        seed: of all that is drawn.

    Raises:
        ValueError: two texts of one name, a text without labels, or too little text.
        KeyError: a text has none of the layers of labels that are asked for.
        FileNotFoundError: no data, or no model.
    """
    names = [path.name.split(".")[0] for path in asked.data]
    if len(set(names)) < len(names):
        raise ValueError(f"two texts have the same name ({', '.join(names)}); rename a folder")
    columns, wanted = {"text": asked.text_column, "label": asked.label_column}, layers(asked)
    given = [
        material.given(name, _splits.read(path, **columns), wanted)
        for name, path in zip(names, asked.data, strict=True)
    ]
    return Given(None if asked.model is None else load(asked.model), given or material.scenes())


def prepare(run: Run) -> Subject:
    """Return the model; a small one is trained on the first text where none is given."""
    if run.given.subject is not None:
        return run.given.subject
    first, preset = run.given.tasks[0].splits, run.preset
    limits = {"train": preset.training_words, "dev": preset.training_words and preset.training_words // 10}
    text, dev = (_splits.sample(first[split], most, 0).sentences for split, most in limits.items())
    return train(jax.random.key(run.seed), text, dev, run.directory / "model", preset.training, run.report)


def unknown(run: Run) -> dict[str, dict[str, float]]:
    """Return how much of each text the model does not know."""
    words = closed_vocabulary(run.of(prepare))
    return {
        one.name: run.unknown(words, {f"{one.name} {split}": part.sentences for split, part in one.splits.items()})
        for one in run.given.tasks
        if words is not None
    }


def _posed(run: Run) -> list[Posed]:
    """Extract the activations of all tasks."""
    given = {"seed": run.seed, "report": run.report}
    return [material.pose(asked, run.of(prepare), run.directory, run.preset, **given) for asked in run.given.tasks]


def _probes(run: Run) -> list[Probes]:
    return [tasks.fitted(run, posed) for posed in run.of(_posed)]


def _selected(run: Run) -> list[Selection]:
    return [tasks.selected(run, posed) for posed in run.of(_posed)]


def _sites(run: Run) -> list[str]:
    return list(run.of(_posed)[0].sites)


def _general(run: Run) -> General:
    run.report("compare layers and units")
    return general.general(run.of(_posed)[0], run.preset)


def _tasks(run: Run) -> list[Task]:
    found = zip(run.of(_posed), run.of(_probes), run.of(_selected), strict=True)
    return [tasks.task(run, *one) for one in found]


def _missed(run: Run) -> list[Without]:
    """Return what is lost in the first task whose words have labels, or else in the first."""
    posed = run.of(_posed)
    number = next((number for number, one in enumerate(posed) if one.asked.each == "word"), 0)
    return missed.missed(run, run.of(prepare), posed[number], run.of(_probes)[number])


def _needed(run: Run) -> list[Needed]:
    found = zip(run.of(_posed), run.of(_selected), strict=True)
    return [unit for posed, one in found for unit in tasks.needed(posed, one, run.preset)]


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=read,
    prepare=prepare,
    stages={"sites": _sites, "general": _general, "tasks": _tasks, "missed": _missed, "needed": _needed},
    results=Results,
    claims=claims,
    page=PAGE,
    found=_needed,
    unknown=unknown,
)
