"""What the commands share: progress bars, what is printed, and which captions are read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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

from jaxneuron.cli._options import existing

console = Console(emoji=False)


def say(text: str) -> None:
    """Print a line as it is: names of files stay whole, and brackets in them mean nothing."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def data_folder(data: Path | None) -> Path | None:
    """Return the folder of captions to read; None stands for the embedded scenes.

    Raises:
        FileNotFoundError, ValueError: it is not there, or it is no folder.
    """
    option = "--data"
    if data is None and os.environ.get("JAXNEURON_DATA"):
        data, option = Path(os.environ["JAXNEURON_DATA"]), "$JAXNEURON_DATA"
    if data is None:
        return None
    what = "a folder of captions with features of pictures (see jaxneuron.corpora.captions)"
    if not existing(option, data, what).is_dir():
        raise ValueError(f"{option} {data} is a file; expected {what}")
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
        TextColumn("{task.description}", markup=False),
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
