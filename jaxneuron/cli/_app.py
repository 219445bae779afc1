"""The commands, and what becomes of an error.

A wrong input ends with one clear message and exit code 2; a traceback is a bug.
"""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

import jaxneuron
from jaxneuron.cli import (
    _answer,
    _errors,
    _given,
    atlas,
    attribute,
    compare,
    concepts,
    decompose,
    erase,
    evaluate,
    evaluate_attribution,
    extract,
    find,
    generate,
    interact,
    intervene,
    neuron,
    rank,
    report,
    sites,
    study,
    trace,
    train,
    writes,
)
from jaxneuron.cli._question import question


def _evaluations() -> Any:
    """Return the commands of `evaluate`, those of attributions in a group of their own."""
    refused = evaluate.REFUSED
    found = question(
        "jaxneuron.evaluate",
        evaluate.VERBS,
        evaluate.evaluate,
        "Is the answer any good?",
        leave=("attribution", "clusters"),
        refused=refused,
    )
    found.add_typer(
        question(
            "jaxneuron.evaluate.attribution",
            evaluate_attribution.VERBS,
            evaluate_attribution.evaluate,
            "Is an attribution any good?",
            refused=evaluate_attribution.REFUSED,
        ),
        name="attribution",
    )
    found.add_typer(
        question("jaxneuron.evaluate.clusters", {}, evaluate.evaluate, "Do clusters of words say what labels say?"),
        name="clusters",
    )
    return found


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What each neuron of a model responds to.",
)
app.add_typer(train.app, name="train")
app.add_typer(atlas.app, name="atlas")
app.add_typer(study.app, name="study")
for name, asked in {
    "find": question("jaxneuron.find", "find", find.find, "What makes a neuron fire?"),
    "rank": question("jaxneuron.rank", "rank", rank.rank, "Which units carry a label?"),
    "attribute": question("jaxneuron.attribute", "attribute", attribute.attribute, "What in this text drove it?"),
    "interact": question("jaxneuron.interact", "interact", interact.interact, "What in this text mattered together?"),
    "concepts": question("jaxneuron.concepts", "explain", concepts.concepts, "Does the model use this concept?"),
    "decompose": question("jaxneuron.decompose", "decompose", decompose.decompose, "Which units work as a group?"),
    "compare": question("jaxneuron.compare", "compare", compare.compare, "Which units recur in other models?"),
    "trace": question("jaxneuron.trace", "trace", trace.trace, "Through which units does it pass?"),
    "erase": question("jaxneuron.erase", "erase", erase.erase, "How is a concept taken out?"),
    "evaluate": _evaluations(),
    "intervene": question(
        "jaxneuron.intervene",
        "intervene",
        intervene.KINDS,
        "What happens if these units are off, held, or what they are in another text?",
        leave=("generate",),
    ),
    "writes": question("jaxneuron.writes", "write", writes.writes, "What does a unit write?"),
}.items():
    app.add_typer(asked, name=name)
for command in (sites.sites, report.report):
    app.command()(command)
for name, answer in {"neuron": neuron.neuron, "generate": generate.generate, "extract": extract.extract}.items():
    app.command(name)(_given.command(answer))

Wrong: Any = typer.BadParameter.__base__
"""What is raised of a command or an option that is not known or has no such value: typer brings its own click."""


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"jaxneuron {jaxneuron.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)] = (
        False
    ),
) -> None:
    """What each neuron of a model responds to."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a wrong input is one message and exit code 2.

    Args:
        arguments: the words of the command; by default those of the process.
    """
    _answer.COMMAND.set(shlex.join(["jaxneuron", *(sys.argv[1:] if arguments is None else arguments)]))
    try:
        code = app(args=arguments, prog_name="jaxneuron", standalone_mode=False)
        sys.exit(code or 0)
    except Wrong as error:
        said = error.format_message()  # empty where the help was asked for, and is printed
        if said:
            _say(f"jaxneuron: {said.rstrip('.')}; see `{_command(error)} --help`", "red")
        sys.exit(2)
    except Exception as error:
        if isinstance(error, typer.Abort) and isinstance(error.__cause__, Exception):
            error = error.__cause__  # a file that ends too early: an EOFError, which typer takes for that of a terminal
        code, said = _errors.explain(error)
        _say(f"jaxneuron: {said}", "red")
        sys.exit(code)


def _command(error: Any) -> str:
    return error.ctx.command_path if error.ctx is not None else "jaxneuron"


def _say(text: str, style: str) -> None:
    Console(stderr=True, emoji=False).print(
        " ".join(text.split()), style=style, markup=False, highlight=False, soft_wrap=True
    )
