"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from jaxneuron.studies import Study, running
from jaxneuron.studies.translation import grammar, material, turning
from jaxneuron.studies.translation.claims import claims
from jaxneuron.studies.translation.material import Given
from jaxneuron.studies.translation.options import COMMAND, Options
from jaxneuron.studies.translation.page import PAGE
from jaxneuron.studies.translation.presets import PRESETS, Preset
from jaxneuron.studies.translation.results import Results, Success, Switch, Telling, Translator
from jaxneuron.studies.translation.training import Pupil
from jaxneuron.studies.translation.turning import Questioned

Run = running.Run[Given, Preset, Options]


def prepare(run: Run) -> Pupil:
    """Return the model."""
    return material.pupil(run.given, run.preset, run.seed, run.directory, run.report)


def _asked(run: Run) -> list[Questioned]:
    given = run.given.asked, run.given.held_out
    return [turning.pose(run.of(prepare), of, *given) for of in grammar.PROPERTIES]


def _translator(run: Run) -> Translator:
    return material.translator(run.given, run.of(prepare))


def _telling(run: Run) -> list[Telling]:
    return [turning.telling(asked) for asked in run.of(_asked)]


def _successes(run: Run) -> list[Success]:
    given = run.of(prepare), run.preset, run.report
    return [row for asked in run.of(_asked) for row in turning.successes(given[0], asked, *given[1:])]


def _switches(run: Run) -> list[Switch]:
    tried = run.of(_successes)
    return [turning.switch(run.of(prepare), asked, tried, run.preset, run.seed) for asked in run.of(_asked)]


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=material.read,
    prepare=prepare,
    stages={"translator": _translator, "telling": _telling, "successes": _successes, "switches": _switches},
    results=Results,
    claims=claims,
    page=PAGE,
    found=_switches,
)
