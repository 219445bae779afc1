"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from jaxneuron.find.fluent import Front
from jaxneuron.studies import Study, running
from jaxneuron.studies.search import fluency, material, searching, showing
from jaxneuron.studies.search.claims import claims
from jaxneuron.studies.search.material import Given, Subject
from jaxneuron.studies.search.options import COMMAND, Options
from jaxneuron.studies.search.page import PAGE
from jaxneuron.studies.search.presets import PRESETS, Preset
from jaxneuron.studies.search.results import Fluent, Pairs, Point, Requested, Results, Shown
from jaxneuron.studies.search.searching import Sought

Run = running.Run[Given, Preset, Options]


def prepare(run: Run) -> list[Subject]:
    """Open the models or train them, and read the text."""
    return material.subjects(run.given, run.options, run.preset, run.seed, run.directory, run.report)


def _asked(run: Run) -> list[Requested]:
    return [fluency.described(subject) for subject in run.of(prepare)]


def _searches(run: Run) -> list[list[Sought]]:
    return [searching.searches(run, subject) for subject in run.of(prepare)]


def _points(run: Run) -> list[Point]:
    each = zip(run.of(prepare), run.of(_searches), strict=True)
    return [row for subject, found in each for row in searching.rows(subject, found)]


def _pairs(run: Run) -> list[Pairs]:
    found = [searching.pairs(subject, run.preset, run.seed, run.report) for subject in run.of(prepare)]
    return [one for one in found if one is not None]


def _fronts(run: Run) -> list[dict[str, Front]]:
    each = zip(run.of(prepare), run.of(_asked), strict=True)
    return [fluency.fronts(subject, told, run.preset, run.seed, run.report) for subject, told in each]


def _fluent(run: Run) -> list[Fluent]:
    each = zip(run.of(prepare), run.of(_fronts), strict=True)
    return [row for subject, found in each for row in fluency.rows(subject, found, run.seed)]


def _shown(run: Run) -> list[Shown]:
    each = zip(run.of(prepare), run.of(_searches), run.of(_fronts), strict=True)
    return [one for subject, found, fronts in each for one in showing.shown(subject, found, fronts)]


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=material.read,
    prepare=prepare,
    stages={"asked": _asked, "points": _points, "pairs": _pairs, "fluent": _fluent, "shown": _shown},
    results=Results,
    claims=claims,
    page=PAGE,
    found=_shown,
)
