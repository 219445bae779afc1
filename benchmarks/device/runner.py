"""Measures rows one after another within a time, each in what is left of its own; a row that takes longer is killed.

What is there is written after each row: `results.json` (the rows), `run.json` (the machine, and how each row ended) and
`table.md`, to be pasted into `benchmarks/RESULTS.md`.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import Row

STARTING = 60
"""Seconds that a worker may take until it answers: it imports JAX and PyTorch, and finds the GPU."""


class Ended(NamedTuple):
    """How a row of the table ended."""

    name: str
    how: str  # done, or why it is not
    seconds: float
    rows: int  # measured


class Worker:
    """A process that measures rows, with all that it started."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path):
        with log.open("a") as file:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=dict(environment),
                start_new_session=True,  # so that a compiler's processes end with it
            )
        self.answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def ask(self, **what: Any) -> None:
        """Send a request."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """Return the next answer, or None where the process has ended.

        Raises:
            queue.Empty: there is none in time.
        """
        return self.answers.get(timeout=max(seconds, 0.01))

    def kill(self) -> None:
        """End the process and what it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Report:
    """What is known so far, on disk."""

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        self.out, self.settings = out, dict(settings)
        self.machine: dict[str, Any] = {}
        self.known: list[tuple[str, float]] = []  # rows of the table, and the seconds that each may take
        self.rows: list[Row] = []
        self.ended: list[Ended] = []

    def write(self) -> None:
        """Write the three files, each at once."""
        about = {"machine": self.machine, "settings": self.settings, "rows": [one._asdict() for one in self.ended]}
        _replace(self.out / "results.json", json.dumps([row._asdict() for row in self.rows], indent=1) + "\n")
        _replace(self.out / "run.json", json.dumps(about, indent=1) + "\n")
        _replace(self.out / "table.md", self.table())

    def table(self) -> str:
        """Return the rows as Markdown, with what was not measured under them."""
        known = self.machine
        about = [f"Device: {known.get('device', 'not known')}"]
        shown = ("nvidia_smi", "jax", "torch", "torch_cuda", "python")
        about += [f"{key} {known[key]}" for key in shown if known.get(key)]
        lines = ["## On a device", "", "; ".join(about) + ".", ""]
        lines += ["| job | size | jaxneuron | peer | | ratio |", "|---|---|---|---|---|---|"]
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            cells = (row.job, row.size, short(row.ours_s), row.peer or "", short(row.peer_s), ratio)
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", *(f"{number}. {row.job}, {row.peer}: {row.note}" for number, row in enumerate(self.rows, 1)), ""]
        missing = [one for one in self.ended if one.how != "done"]
        lines += [f"Not done: {one.name}: {one.how} (after {one.seconds:.0f} s)." for one in missing]
        return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    beside.replace(path)


def short(value: float | None) -> str:
    """Return seconds for people.

    Example:
        >>> short(0.01234), short(2.0), short(None)
        ('12.3 ms', '2 s', '')
    """
    if value is None:
        return ""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def measure(
    command: Sequence[str],
    out: Path,
    *,
    seconds: float,
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
    beginnings: Sequence[str] = ("",),
) -> Report:
    """Measure the rows that a worker knows, within so many seconds in all.

    Args:
        command: what starts a worker.
        out: the folder to write to.
        seconds: after which nothing runs any more.
        settings: to be written down.
        environment: of the workers.
        beginnings: of the names of the rows to measure.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "log.txt").write_text("")
    ends = time.monotonic() + seconds
    report = Report(out, settings)
    worker = Worker(command, environment, out / "log.txt")
    try:
        began = time.monotonic()
        how = _started(worker, report, ends)
        left = [row for row in report.known if row[0].startswith(tuple(beginnings))]
        if how:
            report.ended.append(Ended("the worker", how, time.monotonic() - began, 0))
        while left and time.monotonic() < ends - 1:
            (name, limit), *left = left
            began, before = time.monotonic(), len(report.rows)
            how = ""
            if worker.process.poll() is not None:
                worker = Worker(command, environment, out / "log.txt")
                how = _started(worker, report, ends)
            how = how or _row(worker, report, name, min(ends, time.monotonic() + limit))
            if how.startswith("stopped"):
                worker.kill()
            report.ended.append(Ended(name, how, time.monotonic() - began, len(report.rows) - before))
            report.write()
        report.ended += [Ended(name, "no time was left", 0.0, 0) for name, _ in left]
        report.write()
    finally:
        worker.kill()
    return report


def _started(worker: Worker, report: Report, ends: float) -> str:
    """Wait until a worker has told what it knows; return why it did not, or nothing."""
    try:
        said = worker.answer(min(STARTING, ends - time.monotonic()))
    except queue.Empty:
        return "stopped: the worker did not start in time"
    if said is None:
        return "stopped: the worker ended at its start; see log.txt"
    report.machine, report.known = said["machine"], [(name, limit) for name, limit in said["rows"]]
    return ""


def _row(worker: Worker, report: Report, name: str, until: float) -> str:
    """Take what a worker measures of a row; return how it ended."""
    worker.ask(name=name, seconds=until - time.monotonic())
    while True:
        try:
            said = worker.answer(until - time.monotonic())
        except queue.Empty:
            return "stopped: its time was over"
        if said is None:
            return "stopped: the worker ended; see log.txt"
        if "ended" in said:
            return said["ended"]
        report.rows.append(Row(**said["row"]))
        report.write()
