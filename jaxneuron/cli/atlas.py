"""`jaxneuron atlas`: every unit of a model on a page, in one pass over a text, by any number of workers."""

import inspect
import time
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import columns, names
from jaxneuron.cli import _answer, _given, _inputs, _out, _signature
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, existing, number, one_of, unknown, whole
from jaxneuron.cli._shared import bars, notice, say

MARKS = ("state-0-of-1.json", "atlas.json", "statistics.json")
"""Files by which a folder is known to be an atlas, or a part of one."""

LEVELS = ((-126, 128, 7), (-32, 16, 7), (-32, 16, 5), (-32, 16, 3), (-32, 16, 1))
"""Which values are told apart: exponents and digits, as many as there is memory for."""

SAVED = 60.0
"""Seconds between two states on disk."""

PARTS = _signature.names("jaxneuron.cli._atlas_parts")
"""What may be made beyond the pass."""


class Given(NamedTuple):
    """Whose units over what text, and how much is kept of each."""

    model: Annotated[
        str | None, typer.Option(help="As for `jaxneuron extract`: a folder, a checkpoint, module:function.")
    ] = None
    data: Annotated[
        Path | None,
        typer.Option(help=f"{_inputs.TEXT[0].upper()}{_inputs.TEXT[1:]}; without it captions of the embedded scenes."),
    ] = None
    out: Annotated[Path | None, typer.Option(help="The folder to write: a new one, or that of a stopped run.")] = None
    sites: Annotated[
        str | None,
        typer.Option(
            help="Sites, separated by commas, with * for any; by default what enters the blocks and leaves each."
        ),
    ] = None
    units: Annotated[str | None, typer.Option(help="Unit numbers that get a page: 3, 3,5 or 0-9; by default all.")] = (
        None
    )
    text_column: TextColumn = None
    label_column: LabelColumn = None
    labels: Annotated[
        str | None,
        typer.Option(help="A layer of labels of the text, such as upos: how well each unit tells each of them."),
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    split: Annotated[str | None, typer.Option(help="Of a folder of splits, or of the scenes; by default train.")] = None
    how: Annotated[str, number(one_of("first", "last"), "A word from its sub-words: first or last.")] = "last"
    exemplars: Annotated[int, number(whole(1, 1000), "Texts on each side of a unit.")] = 16
    samples: Annotated[int, number(whole(1, 2**20), "Words that are drawn at random, in whole texts.")] = 1024
    neighbours: Annotated[int, number(whole(0, 1000), "Nearest units of the same site; 0: none, which is faster.")] = 0
    budget: Annotated[
        int, number(whole(1), "MiB for the counts of values; where it is too little, fewer digits count.")
    ] = 1024
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            help=f"Costlier parts, separated by commas: {', '.join(PARTS)}. They are of the units that are most and "
            "least explained on each site, or of --units.",
        ),
    ] = None
    few: Annotated[int, number(whole(1), "Units of each site that are most explained, and as many that are least.")] = (
        64
    )
    all: Annotated[bool, typer.Option("--all", help="All units have the parts of --with.")] = False
    held_out: Annotated[
        str | None,
        typer.Option(
            help="The split on which descriptions and concepts are scored; by default another one than is read, and of "
            "a file a tenth that is left out of all fitting."
        ),
    ] = None
    found: Annotated[
        str | None,
        typer.Option(help="found.jsonl of `jaxneuron study poerner2018`: of its units the best inputs are taken."),
    ] = None
    encoder: Annotated[
        str | None,
        typer.Option(
            help="A model of sentences, as for --model, that reads descriptions: each is scored by its meaning, too, "
            "and some are made by the meaning of exemplars."
        ),
    ] = None
    other: Annotated[
        list[str] | None,
        typer.Option(help="Another model, as for --model, or several: `recurrence` looks for the units in them."),
    ] = None
    seed: Seed = 0
    worker: Annotated[int, number(whole(0), "Which worker this is, from 0.")] = 0
    of: Annotated[
        int, number(whole(1, 2**16), "How many workers share the text; `jaxneuron atlas merge` joins them.")
    ] = 1


def atlas(given: Given) -> None:
    """What does every neuron do? Statistics, exemplars and pages of all units, in one pass; a stopped run goes on."""
    out = _checked(given)
    from jaxneuron import lock
    from jaxneuron.cli import _atlas_pass

    with lock.held(out / f".{given.worker}.lock", out):
        began = time.perf_counter()
        run = _atlas_pass.opened(given)
        with bars() as report:
            state, words = _atlas_pass.run(run, given, out, report, notice)
        if words:
            speed = words / (time.perf_counter() - began)
            say(f"{words:,} words, {speed:,.0f} a second, at {len(run.wanted.sites)} sites")
        if given.of > 1:
            say(f"worker {given.worker} of {given.of} is done; when all are, `jaxneuron atlas merge {out}` joins them")
            return
        with bars() as report:
            page = _atlas_pass.written(run, given, out, state, report, _answer.COMMAND.get())
        say(f"open {page}")


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Where the workers' states are.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder of the pages; by default the first of the folders.")
    ] = None,
) -> None:
    """Join what workers found, and write the pages."""
    for folder in folders:
        existing("DIR", folder, "a folder that `jaxneuron atlas --worker` wrote")
    target = out or folders[0]
    from jaxneuron import lock
    from jaxneuron.cli import _atlas_pass

    with lock.held(target / ".merge.lock", target), bars() as report:
        run, given, state = _atlas_pass.joined(folders)
        page = _atlas_pass.written(run, given, target, state, report, _answer.COMMAND.get())
    say(f"open {page}")


def serve(
    folder: Annotated[Path, typer.Argument(help="The folder of an atlas.")],
    port: Annotated[int, number(whole(0, 2**16 - 1), "The port; 0: any that is free.")] = 8477,
) -> None:
    """Show an atlas over a port of this machine."""
    existing("DIR", folder, "a folder that `jaxneuron atlas` wrote")
    from jaxneuron.report.atlas.serve import server

    with server(folder, port=port) as running:
        say(f"open http://127.0.0.1:{running.server_address[1]}/ ; Ctrl-C ends it")
        running.serve_forever()


def export(
    folder: Annotated[Path, typer.Argument(help="The folder of an atlas.")],
    out: Annotated[Path, typer.Option(help="The folder to write: one for each site goes into it.")],
    model: Annotated[str, typer.Option(help="How Neuronpedia calls the model; by default as the atlas does.")] = "",
    creator: Annotated[str, typer.Option(help="Under whose name.")] = "jaxneuron",
) -> None:
    """Write an atlas as Neuronpedia keeps it, and check it against Neuronpedia's fields."""
    existing("DIR", folder, "a folder that `jaxneuron atlas` wrote")
    from jaxneuron.report.atlas import neuronpedia, read

    manifest = read.manifest(folder)
    with bars() as report:
        progress = report("units")
        told = (progress(number, manifest["units"]) or unit for number, unit in enumerate(read.units(folder), 1))
        folders = neuronpedia.export(out, told, model=model, creator=creator)
        rows = sum(map(neuronpedia.check, folders))
    say(f"{rows:,} rows in {', '.join(map(str, folders))}")


def _checked(given: Given) -> Path:
    """Check what can be checked without loading anything; return the folder to write.

    Raises:
        ValueError, FileNotFoundError: what is wrong.
    """
    for option, value in (("--model", given.model), ("--out", given.out)):
        if value is None:
            raise ValueError(f"there is no {option}; give --model and --out")
    assert given.model is not None and given.out is not None
    _inputs.check(given.model, None, given.data, given.split, needed=False)
    names("--sites", given.sites)
    columns(given.text_column, given.label_column)
    if given.units is not None:
        _inputs.numbers(given.units)
    _check_parts(given)
    if given.worker >= given.of:
        raise ValueError(f"--worker {given.worker}: of --of {given.of}, the last is {given.of - 1}")
    _out.folder(given.out, (f"state-{given.worker}-of-{given.of}.json", *MARKS, *_others(given)))
    return given.out


def _check_parts(given: Given) -> None:
    """Check what is said of the costlier parts.

    Raises:
        ValueError, FileNotFoundError: what is wrong.
    """
    parts = names("--with", given.with_) or ()
    if wrong := [part for part in parts if part not in PARTS]:
        raise ValueError(f"--with: {unknown(wrong[0], PARTS)}")
    for option, said in (
        ("--all", given.all),
        ("--held-out", given.held_out),
        ("--found", given.found),
        ("--encoder", given.encoder),
    ):
        if said and not parts:
            raise ValueError(f"{option} is about the parts of --with; give --with {','.join(PARTS)}, or some of them")
    if ("recurrence" in parts) != bool(given.other):
        raise ValueError(
            "--with recurrence and --other belong together: give the models in which to look for the units"
        )
    if given.all and given.units is not None:
        raise ValueError("--all and --units are both given; give one of them")
    if given.found is not None:
        existing("--found", Path(given.found), "found.jsonl of `jaxneuron study poerner2018`")
    if given.held_out is not None and given.data is not None and not given.data.is_dir():
        raise ValueError(f"--held-out {given.held_out}: --data {given.data} is a file and has no splits; leave it out")


def _others(given: Given) -> list[str]:
    """Return the files of other workers, which may be there before this one begins."""
    return [f"state-{number}-of-{given.of}.json" for number in range(min(given.of, 1000))]


def _main(ctx: Any, **said: Any) -> None:
    if ctx.invoked_subcommand is None:
        atlas(_given.value(Given, said))


_context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
app = typer.Typer(invoke_without_command=True, help=atlas.__doc__)
app.callback(invoke_without_command=True)(_given.signed(_main, [_context, *_given.parameters(Given)], atlas.__doc__))
app.command()(merge)
app.command()(serve)
app.command()(export)
