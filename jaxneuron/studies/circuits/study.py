"""The work of the study, part by part; `running` calls each once, and keeps those that are stages."""

from jaxneuron.studies import Study, running
from jaxneuron.studies._subject import Subject
from jaxneuron.studies.circuits import material, measuring, patched
from jaxneuron.studies.circuits.claims import claims
from jaxneuron.studies.circuits.material import Beginnings
from jaxneuron.studies.circuits.measuring import Half
from jaxneuron.studies.circuits.options import COMMAND, Options
from jaxneuron.studies.circuits.page import PAGE
from jaxneuron.studies.circuits.presets import PRESETS, Preset
from jaxneuron.studies.circuits.results import About, Estimate, Kept, Outputs, Picture, Results, UnitEffects

Run = running.Run[list[Beginnings], Preset, Options]


def read(options: Options, preset: Preset, seed: int) -> list[Beginnings]:
    """Read or make the pairs.

    Args:
        options: what is asked for.
        preset: the sizes of the run.
        seed: of all that is drawn.
    """
    return material.grammar(seed) if options.data is None else material.blimp(options.data, seed)


def prepare(run: Run) -> Subject:
    """Open the model, or train it."""
    return material.open_or_train(run.options.model, run.preset, run.seed, run.directory, run.report)


def _encoded(run: Run) -> tuple[list[Beginnings], material.Encoded]:
    return material.encode(run.of(prepare), run.given, run.preset)


def _halves(run: Run) -> tuple[Half, Half]:
    return measuring.halves(run.of(_encoded)[1])


def found(run: Run) -> list[UnitEffects]:
    """Return every unit with its effects."""
    subject, half = run.of(prepare), run.of(_halves)[0]
    return measuring.effects(subject, half, measuring.hidden(subject, half.clean), run.preset)


def _asked(run: Run) -> About:
    return measuring.asked(run.of(prepare), run.of(_encoded)[0], run.of(_halves)[1], run.of(found))


def _agreement(run: Run) -> list[Estimate]:
    return measuring.agreement(run.of(found))


def _outputs(run: Run) -> list[Outputs]:
    return patched.outputs(run.of(prepare), run.of(_halves)[0], run.preset)


def _kept(run: Run) -> list[Kept]:
    return measuring.kept(run.of(prepare), run.of(_halves)[1], run.of(found), run.preset, run.seed)


def _graph(run: Run) -> Picture:
    sites = list(dict.fromkeys(unit.site for unit in run.of(found)))
    return measuring.graph(run.of(prepare), run.of(_halves)[0], run.of(_encoded)[0][0], sites, run.preset)


STUDY = Study(
    COMMAND,
    presets=PRESETS,
    read=read,
    prepare=prepare,
    stages={"asked": _asked, "agreement": _agreement, "outputs": _outputs, "kept": _kept, "graph": _graph},
    results=Results,
    claims=claims,
    page=PAGE,
    found=found,
)
