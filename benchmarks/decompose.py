"""How fast are activations decomposed and models compared? All jobs of the modules `decompose_*` beside this one.

    python -m benchmarks.decompose [--only NAME ...] [--quick] [--json PATH]

Each module has `rows(quick=...)` and can be run alone; what it needs beside the extra `bench`, it says itself. A new
module is found by its name.
"""

import argparse
import importlib
import pkgutil
from pathlib import Path

import benchmarks
from benchmarks.measure import report

JOBS = sorted(one.name for one in pkgutil.iter_modules(benchmarks.__path__) if one.name.startswith("decompose_"))


def main() -> None:
    """Run the benchmark."""
    names = [name.removeprefix("decompose_") for name in JOBS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="which modules; by default all")
    parser.add_argument("--quick", action="store_true", help="little data; ratios mean little")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    modules = [importlib.import_module(f"benchmarks.decompose_{name}") for name in options.only]
    report([row for module in modules for row in module.rows(quick=options.quick)], options.json)


if __name__ == "__main__":
    main()
