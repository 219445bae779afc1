"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from pathlib import Path

from jaxneuron.studies import Study, running
from jaxneuron.studies.cases import finding, material, shapes, turning
from jaxneuron.studies.cases.claims import claims
from jaxneuron.studies.cases.material import Given, Layers
from jaxneuron.studies.cases.options import COMMAND, Options
from jaxneuron.studies.cases.page import PAGE
from jaxneuron.studies.cases.presets import PRESETS, Preset
from jaxneuron.studies.cases.results import Case, Pushed, Results, Shape
from jaxneuron_models.model import Model

Run = running.Run[Given, Preset, Options]


def prepare(run: Run) -> Model:
    """Open the model, or train it."""
    return material.opened(run.given, run.preset, run.seed, run.directory, run.report)


def _layers(run: Run) -> tuple[Layers, Layers]:
    return _read(run, run.given.choose.sentences, "choose"), _read(run, run.given.ask.sentences, "ask")


def _source(run: Run) -> str:
    return "/".join(Path(run.of(prepare).source).parts[-2:])


def _cases(run: Run) -> list[Case]:
    return finding.cases(run.given.choose, run.given.ask, run.of(_layers), run.preset, run.seed, run.report)


def _shapes(run: Run) -> list[Shape]:
    return shapes.shapes(run.of(prepare), run.given.choose.sentences, run.preset, run.report)


def _turned(run: Run) -> list[Pushed]:
    return turning.turned(_read(run, turning.phrases(), "phrases"), run.preset, run.seed)


def _read(run: Run, sentences: list[list[str]], what: str) -> Layers:
    return material.activations(run.of(prepare), sentences, run.directory, run.report, what)


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=material.read,
    prepare=prepare,
    stages={"source": _source, "cases": _cases, "shapes": _shapes, "turned": _turned},
    results=Results,
    claims=claims,
    page=PAGE,
    found=_cases,
)
