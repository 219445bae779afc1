"""The command line: one subcommand per question, and `train`, `study`, `extract`, `report`.

A wrong input ends with one clear message and exit code 2; a traceback is a bug.
"""

import sys

import typer
from rich.console import Console

from jaxneuron.cli import extract, neurons, report, study, train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What each neuron of a model responds to.",
)
app.add_typer(train.app, name="train")
app.add_typer(study.app, name="study")
for command in (extract.extract, neurons.find, neurons.decompose, report.report):
    app.command()(command)


def main() -> None:
    """Run the command line; a wrong input is one message and exit code 2."""
    try:
        app()
    except (ValueError, KeyError, OSError) as error:
        message = error.args[0] if isinstance(error, KeyError) and error.args else error
        Console(stderr=True).print(f"jaxneuron: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; the same command goes on from here", style="yellow")
        sys.exit(130)
