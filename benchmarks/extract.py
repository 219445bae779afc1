"""How fast are activations of a corpus written to disk? Against batched `transformers`, and against NeuroX.

    python -m benchmarks.extract --model DIR [--data FILE] [--quick] [--json PATH]

The same sentences, weights, layers (embeddings and every block), threads and dtype; a word is its last sub-word;
writing is part of it. Each side runs in a process of its own: first with what it compiles, then again. Needs, beside
the extra `bench`, `pip install --no-deps neurox==1.0.9 h5py tqdm` (its pins fit no current Python); without it,
NeuroX's rows are left out. The peers are in `extract_peers.py`.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.measure import Row, compare, cores, report, seconds
from jaxneuron.corpora import scenes, texts

BATCHES = (16, 32, 64)  # sentences, to choose PyTorch's from
CHECKED = 50  # words compared between the sides


def ours(model: Path, out: Path, dtype: str) -> Callable[..., Any]:
    """Return our extraction, `run(sentences)`, with its defaults."""
    from jaxneuron.extract.to_store import Settings, extract
    from jaxneuron_models import pretrained

    loaded = pretrained.load(model, dtype=dtype)

    def run(sentences: list[list[str]], _: int) -> None:
        shutil.rmtree(out, ignore_errors=True)
        extract(loaded, sentences, out, settings=Settings(dtype=dtype))

    return run


def side(options: argparse.Namespace) -> dict[str, Any]:
    """Measure one side, in this process."""
    from benchmarks import extract_peers as peers

    name, _, threads = options.side.partition(":")
    sentences = json.loads(options.sentences.read_text())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "store"
        if name == "ours":
            run, choices = ours(options.model, out, options.dtype), (0,)
        elif name == "torch":
            run, choices = peers.batched(options.model, out, options.dtype, int(threads), options.compiled), BATCHES
        else:
            run, choices = peers.neurox(options.model, out, int(threads)), (1,)
        first = seconds(lambda: run(sentences, choices[len(choices) // 2]))
        sample = sentences[: len(sentences) // 4]
        choice = options.choice or choices[len(choices) // 2]
        if len(choices) > 1 and not options.quick and not options.choice:
            for choice in choices:
                run(sample, choice)
            choice = min(choices, key=lambda choice: seconds(partial(run, sample, choice)))
        times = [seconds(partial(run, sentences, choice)) for _ in range(1 if options.quick else 2)]
        path = out if out.exists() else next(Path(folder).glob("store*"))
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        return {
            "first": first,
            "times": times,
            "seconds": statistics.median(times),
            "choice": choice,
            "peak_mib": measure.peak(),
            "bytes": sum(file.stat().st_size for file in files),
            "rows": peers.rows(name, path, CHECKED).tolist(),
            **peers.read_back(name, path),
        }


def measured(name: str, options: argparse.Namespace, sentences: list[list[str]], **more: str) -> dict[str, Any]:
    """Run one side in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(sentences, file)
        file.flush()
        arguments = ["--model", str(options.model), "--sentences", file.name, "--side", name]
        arguments += [text for key, value in more.items() for text in (f"--{key}", value)]
        arguments += ["--quick"] * options.quick
        threads = name.partition(":")[2]
        environment = os.environ | {"JAX_PLATFORMS": "cpu", "TOKENIZERS_PARALLELISM": "true"}
        if not name.startswith("ours"):
            environment |= {"OMP_NUM_THREADS": threads}
        command = [sys.executable, "-m", "benchmarks.extract", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-3000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{name} {more or ''}: {found['seconds']:.1f} s, first run {found['first']:.1f} s", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's folder, such as MiniLM's")
    parser.add_argument("--data", type=Path, help="a text or a folder of splits; otherwise the embedded captions")
    parser.add_argument("--count", type=int, default=2_000, help="sentences")
    parser.add_argument("--quick", action="store_true", help="200 sentences, one setting of each side")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    parser.add_argument("--dtype", default="float32", help=argparse.SUPPRESS)
    parser.add_argument("--compiled", default="", help=argparse.SUPPRESS)
    parser.add_argument("--choice", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--sentences", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(side(options)))
        return
    if options.data:
        text = texts.read(options.data, "train" if options.data.is_dir() else None).sentences
    else:
        text = scenes.read("train").sentences
    sentences = text[: 200 if options.quick else options.count]
    report(rows(options, sentences), options.json)


def rows(options: argparse.Namespace, sentences: list[list[str]]) -> list[Row]:
    """Measure all sides, and compare."""
    words, count = sum(map(len, sentences)), cores()
    size = f"{len(sentences)} sentences, {words:,} words"
    sides: dict[str, dict[str, str]] = {"ours": {}, f"torch:{count}": {}}
    if not options.quick:
        sides[f"torch:{count}, compiled"] = {"compiled": "yes"}
    found: dict[str, dict[str, Any]] = {}
    for _ in range(1 if options.quick else 3):  # in turn: the machine's speed changes from minute to minute
        for name, more in sides.items():
            if name in found:
                more = more | {"choice": str(found[name]["choice"])}
            again = measured(name.partition(",")[0], options, sentences, **more)
            times = found.get(name, {"times": []})["times"] + again["times"]
            found[name] = again | {"times": times, "seconds": statistics.median(times)}
    mine = found["ours"]
    table = []
    for name, theirs in found.items():
        if name.startswith("torch"):
            np.testing.assert_allclose(mine["rows"], theirs["rows"], rtol=1e-3, atol=1e-4)
            table.append(row("extraction", size, words, mine, "ours", name, theirs))
    if find_spec("neurox"):
        part = sentences[: len(sentences) // 4]
        few = sum(map(len, part))
        small = measured("ours", options, part)
        for threads in sorted({1, count}):
            theirs = measured(f"neurox:{threads}", options, part)
            np.testing.assert_allclose(small["rows"], theirs["rows"], rtol=1e-3, atol=1e-4)
            table.append(
                row(
                    "extraction",
                    f"{len(part)} sentences, {few:,} words",
                    few,
                    small,
                    "ours",
                    f"neurox:{threads}",
                    theirs,
                )
            )
        for what in ("one neuron", "one word"):
            note = f"NeuroX reads the whole file first; {few:,} words"
            table.append(compare(f"read back {what}", size, small[what], "NeuroX", theirs[what], note))
    if not options.quick:
        four = measured("ours", options, sentences * 4)
        note = f"peak of the process: {mine['peak_mib']:.0f} MiB at 1x, {four['peak_mib']:.0f} MiB at 4x the corpus"
        table.append(compare("memory", size, mine["seconds"], None, None, note))
    return table


def row(job: str, size: str, words: int, mine: dict[str, Any], ours: str, name: str, theirs: dict[str, Any]) -> Row:
    """Return one comparison of two sides."""
    note = "; ".join(
        f"{side}: {words / one['seconds']:,.0f} words a second, first run {one['first']:.1f} s, batches of "
        f"{one['choice']}, {one['bytes'] / 2**20:.0f} MiB on disk, peak {one['peak_mib']:.0f} MiB"
        for side, one in ((ours, mine), (name, theirs))
    )
    return compare(job, size, mine["seconds"], name, theirs["seconds"], note)


if __name__ == "__main__":
    main()
