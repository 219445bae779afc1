"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from jaxneuron.studies import running
from jaxneuron.studies._study import Study
from jaxneuron.studies.switch import inducing, material, turning
from jaxneuron.studies.switch.claims import claims
from jaxneuron.studies.switch.inducing import Detectors
from jaxneuron.studies.switch.material import Given, Writer
from jaxneuron.studies.switch.options import COMMAND, Options
from jaxneuron.studies.switch.page import PAGE
from jaxneuron.studies.switch.presets import PRESETS, Preset
from jaxneuron.studies.switch.results import Detected, Forced, Preferred, Results, Studied, Switched, Turned
from jaxneuron.studies.switch.turning import Question

Run = running.Run[Given, Preset, Options]


def prepare(run: Run) -> list[Writer]:
    """Return the models."""
    return material.writers(run.seed, run.given, run.options, run.preset, run.directory, run.report)


def _posed(run: Run) -> list[Question]:
    return [posed for one in run.of(prepare) for posed in turning.pose(one, run.given.pairs, run.preset.asked)]


def _concepts(run: Run) -> list[Detectors]:
    given = run.given.concepts, run.directory, run.preset, run.report
    return [inducing.experts(writer, *given) for writer in run.of(prepare)]


def _models(run: Run) -> list[Studied]:
    return [turning.studied(one) for one in run.of(prepare)]


def _asked(run: Run) -> list[Preferred]:
    return [posed.asked for posed in run.of(_posed)]


def _turned(run: Run) -> list[Turned]:
    found = []
    for posed in run.of(_posed):
        for site in posed.writer.sites:
            found += turning.turned(posed, site, run.preset, run.seed, run.report)
    return found


def _switched(run: Run) -> list[Switched]:
    return [turning.switched(posed, run.of(_turned), run.preset, run.seed) for posed in run.of(_posed)]


def _detected(run: Run) -> list[Detected]:
    found = zip(run.of(prepare), run.of(_concepts), strict=True)
    return [row for writer, concepts in found for row in inducing.detected(writer, concepts)]


def _forced(run: Run) -> list[Forced]:
    given, rows = (run.given.concepts, run.options, run.preset, run.seed, run.report), []
    for writer, concepts in zip(run.of(prepare), run.of(_concepts), strict=True):
        rows += inducing.forced(writer, concepts, *given)
    return rows


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=material.read,
    prepare=prepare,
    stages={
        "models": _models,
        "asked": _asked,
        "turned": _turned,
        "switched": _switched,
        "detected": _detected,
        "forced": _forced,
    },
    results=Results,
    claims=claims,
    page=PAGE,
    found=_switched,
)
