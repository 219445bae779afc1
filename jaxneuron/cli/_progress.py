"""How far a command is: bars on a terminal, and lines in a file or a pipe.

Stages follow each other: when the next one begins, the one before it is done, whether it counted to its end, stopped
early or never counted at all.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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

from jaxneuron.cli import _interrupt

EVERY = 60.0
"""Seconds after which a stage that goes on says so, in a file or a pipe."""

Report = Callable[[str], Callable[[int, int], None]]
"""What is being done -> how far it is."""


@contextmanager
def shown(console: Console) -> Iterator[Report]:
    """Show the progress of each stage that reports; where one reports, the command can be interrupted."""
    with _bars(console) if console.is_terminal and not console.is_dumb_terminal else _lines(console) as begin:

        def report(what: str) -> Callable[[int, int], None]:
            _interrupt.stage_begins()
            update = begin(what)

            def progress(done: int, total: int) -> None:
                update(done, total)
                _interrupt.stage_counts()

            return progress

        yield report


class SpeedColumn(ProgressColumn):
    """How many things are done in a second."""

    def render(self, task: Task) -> str:
        """Return nothing as long as nothing is done."""
        speed = task.finished_speed or task.speed
        return f"{speed:,.0f}/s" if speed and speed >= 1 else ""


@contextmanager
def _bars(console: Console) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        SpeedColumn(),
    )
    with Progress(*columns, console=console) as progress:

        def end() -> None:
            for task in progress.tasks:
                if not task.finished:
                    done = int(task.completed) or 1
                    progress.update(task.id, completed=done, total=done)

        def begin(what: str) -> Callable[[int, int], None]:
            end()
            bar = progress.add_task(what, total=None)
            return lambda done, total: progress.update(bar, completed=done, total=total)

        yield begin
        end()


@dataclass
class _Stage:
    """What a line says."""

    what: str
    began: float = field(default_factory=time.monotonic)
    first: tuple[float, int] | None = None  # when it first reported, and what was done before
    done: int = 0
    total: int = 0

    def line(self, state: str) -> str:
        """Return the stage with how much is done, the time it took and, while it goes on, the time that is left."""
        now = time.monotonic()
        parts = [f"{self.done:,}/{self.total:,}"] if self.total else []
        parts.append(f"{state} {_clock(now - self.began)}")
        if state == "for" and self.first and self.done > self.first[1]:
            speed = (self.done - self.first[1]) / max(now - self.first[0], 1e-3)
            parts.append(f"about {_clock((self.total - self.done) / speed)} left")
        return f"{self.what}: {', '.join(parts)}"


@contextmanager
def _lines(console: Console) -> Iterator[Report]:
    stages = [_Stage("prepare")]
    over = threading.Event()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    def remind() -> None:
        while not over.wait(EVERY):
            say(stages[-1].line("for"))

    def end() -> None:
        if len(stages) > 1:
            say(stages[-1].line("done in"))

    def begin(what: str) -> Callable[[int, int], None]:
        end()
        stage = _Stage(what)
        stages.append(stage)
        say(f"{what} ...")

        def update(done: int, total: int) -> None:
            if stage.first is None:
                stage.first = (time.monotonic(), done)
            stage.done, stage.total = done, total

        return update

    reminder = threading.Thread(target=remind, name="progress", daemon=True)
    reminder.start()
    try:
        yield begin
        end()
    finally:
        over.set()
        reminder.join()


def _clock(seconds: float) -> str:
    """Return hours, minutes and seconds.

    Example:
        >>> _clock(3725.4)
        '1:02:05'
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
