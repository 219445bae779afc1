"""The process in which rows are measured: it reads a row's name and its seconds, and writes what it measured.

One JSON object a line: `{"row": ...}` as soon as it is measured, then `{"ended": "done"}` or why it did not get there.
One process measures all rows, since what it imports takes ten seconds; a row that hangs is killed together with it.
"""

import argparse
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from benchmarks.device import machine
from benchmarks.device.sides import Run
from benchmarks.device.sizes import SIZES
from benchmarks.device.table import ROWS


def main() -> None:
    """Measure what is asked for, until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--size", choices=SIZES, required=True)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to the log

    def say(**what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    rows = {row.name: row for row in ROWS}
    size = SIZES[options.size]
    say(machine=machine.described(), rows=[(row.name, row.seconds * size.patience) for row in ROWS])
    for line in sys.stdin:
        asked = json.loads(line)
        ends = time.monotonic() + asked["seconds"]
        run = Run(size, options.material, options.compiled, ends)
        try:
            for row in rows[asked["name"]].measure(run):
                say(row=row._asdict())
            say(ended="done")
        except Exception as error:  # the next row may do better
            traceback.print_exc()
            say(ended=f"{type(error).__name__}: {error}"[:400])


if __name__ == "__main__":
    main()
