"""How a benchmark measures: all sides in turn, medians, peak memory in a process of its own; a table and a file."""

import argparse
import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One comparison; seconds are medians."""

    job: str
    size: str
    ours_s: float
    peer: str | None
    peer_s: float | None
    ratio: float | None  # peer_s / ours_s: above 1 we are faster
    device: str
    note: str


def compare(job: str, size: str, ours_s: float, peer: str | None, peer_s: float | None, note: str) -> Row:
    """Return the row of a comparison."""
    return Row(job, size, ours_s, peer, peer_s, peer_s / ours_s if peer_s else None, device(), note)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def device() -> str:
    """Return the processor's name and the cores in use."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{names[0].partition(':')[2].strip() if names else 'CPU'}, {cores()} cores"


class Times(NamedTuple):
    """What one side took."""

    first: float  # seconds of the first run, with compilation
    seconds: list[float]  # of each run after it

    @property
    def median(self) -> float:
        """Return the median of the runs after the first."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        """Return the fastest and the slowest run, relative to the median."""
        return f"{min(self.seconds) / self.median - 1:+.0%} to {max(self.seconds) / self.median - 1:+.0%}"


def in_turn(sides: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, Times]:
    """Run every side once to warm up, then all of them in turn, `repeats` times; each returns when its work is done."""
    first = {name: seconds(side) for name, side in sides.items()}
    rounds = [{name: seconds(side) for name, side in sides.items()} for _ in range(repeats)]
    return {name: Times(first[name], [one[name] for one in rounds]) for name in sides}


def seconds(run: Callable[[], Any]) -> float:
    """Return how long a call takes, after a pause in which the other side's threads fall asleep."""
    gc.collect()
    time.sleep(0.1)
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def growth(run: Callable[[], Any]) -> float:
    """Return by how many MiB a second call of `run` makes this process grow at its peak; the first one compiles."""
    run()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    run()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def peak() -> float:
    """Return the peak memory of this process in MiB: `ru_maxrss` begins with what the one that started it had."""
    return _status("VmHWM") / 1024


def apart(module: str, *options: str) -> float:
    """Run a module in a process of its own, and return the number that it prints last."""
    done = subprocess.run([sys.executable, "-m", module, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(options)} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def alone(described: str | None, rows: Callable[..., Sequence[Row]]) -> None:
    """Run a benchmark that is nothing but its rows.

    Args:
        described: the module's docstring, whose first line is the help's.
        rows: called with `quick`.
    """
    parser = argparse.ArgumentParser(description=(described or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, within a minute; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    report(rows(quick=options.quick), options.json)


def report(rows: Sequence[Row], path: Path | None) -> None:
    """Print the rows as a table with notes under it, and write them as JSON."""
    console, table = Console(), Table("", "job", "size", "ours", "peer", "peer's", "ratio", title=device())
    for number, row in enumerate(rows, 1):
        peer_s = "" if row.peer_s is None else _short(row.peer_s)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(str(number), row.job, row.size, _short(row.ours_s), row.peer, peer_s, ratio)
    console.print(table)
    for number, row in enumerate(rows, 1):
        console.print(f"{number:2}. {row.note}", highlight=False)
    if path:
        beside = path.with_name(path.name + ".part")
        beside.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n")
        beside.replace(path)


def _short(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
