"""A study's command, made of what the study says of itself: its question, its options, and how long it takes."""

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from jaxneuron.cli import _given, _model, _out
from jaxneuron.cli._options import Out, Seed, existing, number, one_of
from jaxneuron.cli._shared import bars, console, say
from jaxneuron.studies import Command, Existing, Option, Trained, options
from jaxneuron_models.kind import HUGGING_FACE


def command(study: Command) -> Callable[..., None]:
    """Return the function of a study's command, with the parameters that typer shows and checks."""
    said = {name: told for name, told in options(study).items() if told[1].command}

    def run(out: Path, preset: str, seed: int, **given: Any) -> None:
        _out.study(out)
        asked = study.options(**{name: _value(name, given[name], *told) for name, told in said.items()})
        study.check(asked)
        from jaxneuron.studies import running

        work = study.study()
        with bars() as report:
            finished = running.run(out, work, asked, preset=preset, seed=seed, report=report, notice=say)
        _tell(work.page, finished, out)

    defaults = study.options()
    parameters = [
        inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, annotation=Out),
        *(_parameter(name, _annotated(name, *told), getattr(defaults, name)) for name, told in said.items()),
        _parameter("preset", Annotated[str, number(one_of(*study.presets), _listed(study.presets))], study.preset),
        _parameter("seed", Seed, 0),
    ]
    times = "; ".join(f"{name}: {time}" for name, time in study.presets.items())
    return _given.signed(run, parameters, f"{study.question}\n\nA run takes: {times}.")


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    default = None if default == () else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _annotated(name: str, kind: Any, option: Option) -> Any:
    """Return a type with what typer needs to know of it; a tuple is an option that may be given several times."""
    if get_origin(kind) is tuple:
        kind = list[get_args(kind)[0]] | None
    check = one_of(*option.choices) if option.choices else None
    return Annotated[kind, typer.Option(f"--{name.replace('_', '-')}", help=option.help, callback=check)]


def _value(name: str, value: Any, kind: Any, option: Option) -> Any:
    """Return an option as the study takes it.

    Raises:
        FileNotFoundError, ValueError: what it names is not there, is something else, or is given twice.
    """
    said = f"--{name.replace('_', '-')}"
    if isinstance(option.accepts, Existing) and value is None and os.environ.get(option.accepts.variable):
        said = f"${option.accepts.variable}"
        value = Path(os.environ[option.accepts.variable])
    several = list(value or ()) if get_origin(kind) is tuple else [value] if value is not None else []
    for place, one in enumerate(several):
        if option.accepts is not None:
            _accept(said, one, option.accepts)
        if one in several[:place]:
            raise ValueError(f"{said} {one} is given twice; give each once")
    return tuple(several) if get_origin(kind) is tuple else value


def _accept(said: str, value: Any, accepts: Existing | Trained) -> None:
    if isinstance(accepts, Trained):
        _model.check(str(value), accepts.architecture, *[HUGGING_FACE] * accepts.hub)
    elif not existing(said, value, accepts.what).is_dir() and accepts.folder:
        raise ValueError(f"{said} {value} is a file; expected {accepts.what}")


def _listed(names: Sequence[str] | Any) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}." if first else f"{last}."


def _tell(page: Any, finished: Any, out: Path) -> None:
    """Print what came out, which claims did not hold, and where the report is."""
    from jaxneuron.report.text import shown

    for table in page.tables(finished):
        console.print(table)
    for sentence in page.headlines(finished):
        say(f"- {sentence}")
    for claim in finished.claims:
        if claim.holds is False:
            say(f"  does not hold: {claim.claim} ({shown(claim.figure)}) {claim.note}")
    say(f"The report: {out / 'report.html'}")
