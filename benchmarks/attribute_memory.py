"""Does the memory of a path method grow with its steps? Ours and Captum's, each in a process of its own.

    python -m benchmarks.attribute_memory --model DIR [--count N] [--steps FEW MANY]

What is compiled, and imported, is there before the measurement begins.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import jax
from rich.console import Console
from rich.table import Table

from benchmarks.attribute_task import load, paths
from benchmarks.measure import device, growth, seconds
from jaxneuron import batching

METHODS, SIDES = ("integrated gradients", "conductance"), ("ours", "Captum")


def one(options: argparse.Namespace, method: str, side: str, steps: int) -> tuple[float, float]:
    """Return the growth in MiB while a method runs a second time, and its seconds."""
    run, took = paths(load(options))[method][SIDES.index(side)], []
    return growth(lambda: took.append(seconds(lambda: jax.block_until_ready(run(steps=steps))))), took[-1]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's folder, such as MiniLM's")
    parser.add_argument("--count", type=int, default=4, help="sentences")
    parser.add_argument("--steps", type=int, nargs=2, default=(50, 400), help="few and many")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.data = None
    if options.one:
        method, side, steps = options.one
        print(*one(options, method, side, int(steps)))
        return
    budget = batching.BUDGET / 2**20
    table = Table("method", "side", "steps", "growth", "seconds", title=f"budget {budget:.0f} MiB, {device()}")
    for method in METHODS:
        for side in SIDES:
            for steps in map(str, options.steps):
                command = [sys.executable, "-m", "benchmarks.attribute_memory", "--model", str(options.model)]
                command += ["--count", str(options.count), "--one", method, side, steps]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                grown, took = map(float, done.stdout.split()[-2:])
                table.add_row(method, side, steps, f"{grown:,.0f} MiB", f"{took:.1f} s")
    Console().print(table)


if __name__ == "__main__":
    main()
