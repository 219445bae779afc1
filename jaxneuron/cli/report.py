"""`jaxneuron report`: the page of a study."""

from pathlib import Path
from typing import Annotated

import typer

from jaxneuron.cli._shared import console


def report(directory: Annotated[Path, typer.Argument(help="What a study left.")]) -> None:
    """Draw a study's report again from its results."""
    from jaxneuron.report import html

    console.print(f"The report: {html.write(directory)}")
