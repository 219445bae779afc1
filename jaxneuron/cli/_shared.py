"""What the commands share: options, progress bars, and how a model or its data is named."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console()

Data = Annotated[
    Path | None,
    typer.Option(help="A folder of captions; by default $JAXNEURON_DATA, and without it the embedded scenes."),
]
Out = Annotated[Path, typer.Option(help="The folder to write; a stopped run there goes on.")]
Seed = Annotated[int, typer.Option(help="One seed, one result.")]
ModelOption = Annotated[
    str, typer.Option("--model", help="A folder that `jaxneuron train` wrote, or package.module:load of your own.")
]


def load_model(name: str) -> Any:
    """Load a checkpoint folder, or call `package.module:load`."""
    if ":" not in name:
        from jaxneuron_models import imaginet

        return imaginet.load(name)
    module, _, function = name.partition(":")
    try:
        return getattr(import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"--model {name}: {error}; expected a folder, or package.module:load on the Python path"
        ) from error


def data_folder(data: Path | None) -> Path | None:
    """Return the folder of captions to read; None stands for the embedded scenes."""
    if data is None and os.environ.get("JAXNEURON_DATA"):
        return Path(os.environ["JAXNEURON_DATA"])
    return data


class SpeedColumn(ProgressColumn):
    """How many things are done in a second."""

    def render(self, task: Task) -> str:
        """Return nothing as long as nothing is done."""
        speed = task.finished_speed or task.speed
        return f"{speed:,.0f}/s" if speed and speed >= 1 else ""


@contextmanager
def bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Show a progress bar for each thing that reports."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        SpeedColumn(),
    )
    with Progress(*columns, console=console) as progress:

        def report(what: str) -> Callable[[int, int], None]:
            bar = progress.add_task(what, total=None)
            return lambda done, total: progress.update(bar, completed=done, total=total)

        yield report
