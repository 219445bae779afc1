"""`jaxneuron study`: papers, reproduced end to end; a command for each study that is found."""

import typer

from jaxneuron import studies
from jaxneuron.cli import _study

app = typer.Typer(no_args_is_help=True, help="Reproduce a paper, end to end.")


@app.callback()
def papers() -> None:
    """Reproduce a paper, end to end."""


for _known in studies.find().values():
    app.command(_known.name)(_study.command(_known))
