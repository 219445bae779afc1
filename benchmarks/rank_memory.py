"""How much memory does a ranking of activations on disk need? Each method in a process of its own, with a budget.

    python -m benchmarks.rank_memory --store STORE [--budget MIB]

STORE is what `jaxneuron extract` writes; all its sites side by side should be ten budgets or more. Labels are made up:
one of 17 classes for each word. What is compiled, and imported, is there before the measurement begins.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.measure import device, growth
from jaxneuron import store
from jaxneuron.rank import average_precision, correlation, iou, linear, probeless

METHODS = {
    "linear": lambda *data, budget: linear.rank(*data, settings=linear.Settings(batch=128, epochs=1), budget=budget)[0],
    "probeless": probeless.rank,
    "iou": iou.rank,
    "correlation": correlation.rank,
    "average_precision": average_precision.rank,
}


def one(path: Path, name: str, budget: int) -> tuple[float, float]:
    """Return the growth in MiB while a method runs a second time, and its seconds."""
    activations = store.open(path).joined()
    labels = np.random.default_rng(0).integers(0, 17, len(activations))
    began = []

    def run() -> None:
        began.append(time.perf_counter())
        jax.block_until_ready(METHODS[name](jax.random.key(0), activations, labels, budget=budget))

    return growth(run), time.perf_counter() - began[-1]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", type=Path, required=True, help="a store of activations")
    parser.add_argument("--budget", type=int, default=128, help="MiB")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.method:
        print(*one(options.store, options.method, options.budget * 2**20))
        return
    size = np.prod(store.open(options.store).joined().shape) * 4 / 2**20
    table = Table("method", "growth", "seconds", title=f"{size:,.0f} MiB, budget {options.budget} MiB, {device()}")
    for name in METHODS:
        command = [sys.executable, "-m", "benchmarks.rank_memory", "--store", str(options.store)]
        command += ["--budget", str(options.budget), "--method", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        grown, seconds = map(float, done.stdout.split()[-2:])
        table.add_row(name, f"{grown:,.0f} MiB", f"{seconds:.0f} s")
    Console().print(table)


if __name__ == "__main__":
    main()
