"""What the commands share: progress bars, what is printed, and which captions are read."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console

from jaxneuron.cli import _progress
from jaxneuron.cli._options import existing

console = Console(emoji=False)
beside = Console(emoji=False, stderr=True)


def say(text: str) -> None:
    """Print a line as it is: names of files stay whole, and brackets in them mean nothing."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def notice(text: str) -> None:
    """Say something beside the answer, on stderr."""
    beside.print(text, markup=False, highlight=False, soft_wrap=True)


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


def bars(quiet: bool = False) -> AbstractContextManager[_progress.Report]:
    """Show how far the stages of a command are; beside the answer, if only the answer may be printed."""
    return _progress.shown(beside if quiet else console)


def counted(count: int, what: str) -> str:
    """Return a number of things in words.

    Example:
        >>> counted(1, "text"), counted(2000, "text")
        ('1 text', '2,000 texts')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"
