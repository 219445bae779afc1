"""Measure everything on this machine's device, within some minutes; `benchmarks/device/__init__.py` says how."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import device
from benchmarks.device import runner
from benchmarks.device.sizes import SIZES

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Run the rows and print the table."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(description=str(device.__doc__).partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a folder for the results, a table and a log")
    parser.add_argument("--minutes", type=float, default=8.0, help="after which nothing runs any more")
    parser.add_argument("--material", type=Path, help="what benchmarks.device.material wrote; otherwise random weights")
    parser.add_argument("--size", choices=SIZES, default="full", help="tiny is for tests")
    parser.add_argument("--rows", nargs="+", help="some rows only, by their names or the beginning of these")
    parser.add_argument("--no-compile", action="store_true", help="leave out PyTorch's compiled forms")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        material = options.material
        if material is None:
            material = Path(folder)
            write(material, options.size)
        paths = [str(ROOT), str(ROOT / "models"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # PyTorch needs memory, too
            "TOKENIZERS_PARALLELISM": "true",
            "HF_HUB_OFFLINE": "1",
        }
        command = [sys.executable, "-m", "benchmarks.device.worker", "--material", str(material.resolve())]
        command += ["--size", options.size, *["--compiled"] * (not options.no_compile)]
        report = runner.measure(
            command,
            options.out,
            seconds=60 * options.minutes - (time.monotonic() - began),
            settings={"size": options.size, "minutes": options.minutes, "material": options.material and "carried"},
            environment=environment,
            beginnings=options.rows or ("",),
        )
    print(report.table())
    for one in report.ended:
        print(f"{one.name}: {one.how}, {one.rows} rows, {one.seconds:.0f} s")
    sys.exit(any(one.how != "done" for one in report.ended))


def write(folder: Path, size: str) -> None:
    """Write a model with random weights and the embedded captions."""
    from benchmarks.device import material

    full = size == "full"
    text = material.read(None)[: SIZES[size].sentences]
    material.random(text, folder, material.MINILM if full else material.SMALL)


if __name__ == "__main__":
    main()
