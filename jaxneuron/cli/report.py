"""`jaxneuron report`: the page of a study."""

from pathlib import Path
from typing import Annotated

import typer

from jaxneuron.cli._shared import say


def report(directory: Annotated[Path, typer.Argument(help="What a study left.")]) -> None:
    """Draw a study's report again from its results."""
    if not (directory / "results.json").is_file():
        raise FileNotFoundError(
            f"no results.json in {directory}; give the folder of a finished study, or run `jaxneuron study` with the "
            "same --out to finish it"
        )
    from jaxneuron.studies import running

    running.draw(directory)
    say(f"The report: {directory / 'report.html'}")
