"""One run of a study: its folder, its stages, and what it leaves for people and for programs."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

import jax

import jaxneuron
from jaxneuron import lock, studies
from jaxneuron.corpora import vocabulary
from jaxneuron.files import write_json
from jaxneuron.report import html
from jaxneuron.report.text import shown
from jaxneuron.studies import _finished, _kept
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Study, options
from jaxneuron.tap import nearest
from jaxneuron.types import Vocabulary
from jaxneuron_models import checks

PACKAGES = ("jax", "jaxlib", "flax", "numpy")
"""What the numbers depend on, beside ourselves and Python."""

Report = Callable[[str], Callable[[int, int], None] | None]
"""What is being done -> a progress callback for it."""

Given = TypeVar("Given")
Preset = TypeVar("Preset")
Options = TypeVar("Options")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Run(Generic[Given, Preset, Options]):
    """What every part of a study's work needs."""

    directory: Path
    given: Given  # what the study's `read` returned
    preset: Preset
    options: Options
    seed: int
    report: Report
    notice: Callable[[str], None]  # told what a person should know
    stages: Mapping[Callable[..., Any], str]  # part -> name
    _done: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def of(self, part: Callable[..., Result]) -> Result:
        """Return what a part of the work comes to, which is done once; that of a stage is on disk.

        Args:
            part: a function of the run.
        """
        if part not in self._done:
            name = self.stages.get(part)
            kind = get_type_hints(part)["return"] if name else None
            self._done[part] = self.keep(f"stages/{name}", kind, lambda: part(self)) if name else part(self)
        return self._done[part]

    def keep(self, name: str, kind: Any, compute: Callable[[], Result]) -> Result:
        """Return what an earlier run left, or compute it and leave it: a piece of a long stage.

        Args:
            name: of the file in the run's folder, without `.json`.
            kind: the type that `compute` returns, see `_kept.typed`.
            compute: what was not done yet.
        """
        return _kept.keep(self.directory / f"{name}.json", kind, compute)

    def unknown(self, known: Vocabulary, texts: Mapping[str, checks.Texts]) -> dict[str, float]:
        """Return how much of each text a vocabulary does not know, and say so."""
        self.notice(checks.unknown(known, texts))
        return {name: vocabulary.unknown_share(known, given) for name, given in texts.items()}


@lock.one_at_a_time
def run(
    directory: Path,
    study: Study,
    asked: Any = None,
    *,
    preset: str | None = None,
    seed: int = 0,
    report: Report = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> Finished:
    """Run a study and leave its page, its figures, `results.json`, `timings.json` and `found.jsonl` in a folder.

    Args:
        directory: where everything goes; a stopped run there goes on.
        study: which.
        asked: its options, of the type `study.command.options`; by default all of them are.
        preset: the size of the run, a name of `study.presets`.
        seed: of all that is random.
        report: what is being done -> a progress callback.
        notice: told what a person should know, such as how much of the text the model's vocabulary does not know.

    Returns:
        The run, as it was read back from its folder.

    Raises:
        ValueError: an unknown preset, another run's folder, or options that do not fit each other or the study.
        BlockingIOError: another run is at work in the folder.
        FileNotFoundError: no data, or no model.
    """
    preset, presets = preset or study.command.preset, study.presets
    if preset not in presets:
        raise ValueError(f"no preset {preset!r}{nearest(preset, presets)}; expected one of {', '.join(presets)}")
    asked = study.command.options() if asked is None else asked
    _check_choices(study, asked)
    study.command.check(asked)
    size = study.sized(presets[preset], asked)
    settings = {"preset": preset, "seed": seed} | _asked(study, asked)
    settings |= _apart(settings, _kept.plain(size._asdict()))
    _check(directory, settings)
    given = study.read(asked, size, seed)
    write_json(directory / "settings.json", settings)  # from here on the folder belongs to this run
    names = {part: name for name, part in study.stages.items()}
    work = Run(directory, given, size, asked, seed, report, notice, names)
    unknown = None if study.unknown is None else work.of(study.unknown)
    results = study.results(**{name: work.of(part) for name, part in study.stages.items()})
    found = [] if study.found is None else list(work.of(study.found))
    report("draw the report")
    finished = Finished(
        study=study.command.name,
        results=results,
        claims=list(study.claims(results)),
        found=found,
        version=jaxneuron.__version__,
        versions=_versions(),
        seed=seed,
        device=_device(),
        settings=settings,
        unknown_words=unknown,
    )
    _finished.write(directory, study, finished)
    return draw(directory, study, figures=True)


def draw(directory: Path, study: Study | None = None, *, figures: bool = False) -> Finished:
    """Write `report.html` from what a run left.

    Args:
        directory: of the run.
        study: whose it is; by default what the run says.
        figures: draw the figures for papers again, too.

    Raises:
        FileNotFoundError: a file of the run is missing.
        ValueError: a file of the run is malformed, or no such study is known.
    """
    study = _study(directory) if study is None else study
    finished, page = _finished.read(directory, study), study.page
    if figures:
        page.figures(finished, directory)
    content = {"charts": {}} | dict(page.content(finished))
    content |= {"run": finished, "headlines": page.headlines(finished), "claims": finished.claims}
    content |= {"options": {name: shown(value) for name, value in flat(finished.settings).items()}}
    html.page(directory / "report.html", page.template, content)
    return finished


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level.

    Example:
        >>> flat({"seed": 0, "find": {"steps": 9}})
        {'seed': 0, 'find.steps': 9}
    """
    found = {}
    for key, value in settings.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _study(directory: Path) -> Study:
    name, known = _finished.name(directory), studies.find()
    if name not in known:
        raise ValueError(f"no page for the study {name!r}{nearest(name, known)}; pages exist for {', '.join(known)}")
    return known[name].study()


def _check_choices(study: Study, asked: Any) -> None:
    for name, (_, option) in options(study.command).items():
        value = getattr(asked, name)
        if option.choices and value is not None and value not in option.choices:
            near = nearest(value, option.choices)
            raise ValueError(f"no {name} {value!r}{near}; expected one of {', '.join(option.choices)}")


def _asked(study: Study, asked: Any) -> dict[str, Any]:
    """Return the options as `settings.json` has them."""
    found = {}
    for name, (_, option) in options(study.command).items():
        value = getattr(asked, name)
        empty = value is None or value == ()
        found[name] = option.absent if empty else _kept.plain(option.said(value) if option.said else value)
    return found


def _apart(settings: Mapping[str, Any], size: Mapping[str, Any]) -> Mapping[str, Any]:
    if both := settings.keys() & size.keys():
        raise ValueError(f"{', '.join(both)}: the name of an option and of a part of the preset; rename one of them")
    return size


def _check(directory: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to mix two runs in one folder."""
    path = directory / "settings.json"
    if path.exists() and (before := json.loads(path.read_text(encoding="utf-8"))) != settings:
        changed = ", ".join(name for name in settings if before.get(name, ...) != settings[name])
        raise ValueError(f"{directory} holds a run with other settings ({changed}); choose another folder or remove it")


def _versions() -> dict[str, str]:
    others = {name: version(name) for name in PACKAGES}
    return {"jaxneuron": jaxneuron.__version__, **others, "python": platform.python_version()}


def _device() -> str:
    device = jax.devices()[0]
    cores = f", {os.cpu_count()} cores" if device.platform == "cpu" else ""
    return f"{device.device_kind} ({device.platform}{cores})"
