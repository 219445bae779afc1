"""A device run: every row at a tiny size, without what such a machine lacks; a row that hangs stops no other."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from benchmarks.device import material, runner, sides
from benchmarks.device.sizes import TINY

ROOT = Path(__file__).parents[2]
MISSING = "altair vl_convert datasets captum conllu tree_sitter tree_sitter_c beartype torch transformers".split()
"""What a machine may lack; PyTorch too, as the suite runs without it."""


ROWS = ["peak float32", "ablation", "extraction float32", "experts", "corpus", "partners"]
"""One row of each file; beside PyTorch, `tests/peers` measures every row."""


@pytest.mark.slow
def test_rows_are_measured_without_what_such_a_machine_lacks(tmp_path):
    blocker = f"""
        from importlib.machinery import PathFinder
        found = PathFinder.find_spec
        def find_spec(name, *more):
            return None if name.partition(".")[0] in {MISSING} else found(name, *more)
        PathFinder.find_spec = find_spec
    """
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(blocker))
    command = [sys.executable, "-m", "benchmarks.device", "--size", "tiny", "--out", str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "--minutes", "9", "--rows", *ROWS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + (tmp_path / "out" / "log.txt").read_text()
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    ended = json.loads((tmp_path / "out" / "run.json").read_text())["rows"]
    assert [one["rows"] for one in ended] == [1] * len(ended) and len(ended) == len(rows) == len(ROWS)
    assert all(row["ours_s"] > 0 and row["peer"] is None and row["device"] for row in rows)
    assert (tmp_path / "out" / "table.md").read_text().count("| corpus search") == 1


WORKER = """
import json, sys, time
print(json.dumps({"machine": {"device": "a test"}, "rows": [["good", 60], ["hangs", 0.5], ["dies", 60], ["last", 60]]}))
row = {"job": "", "size": "", "ours_s": 1, "peer": None, "peer_s": None, "ratio": None, "device": "", "note": ""}
sys.stdout.flush()
for line in sys.stdin:
    name = json.loads(line)["name"]
    print(json.dumps({"row": row | {"job": name}}), flush=True)
    if name == "hangs":
        time.sleep(600)
    if name == "dies":
        sys.exit(1)
    print(json.dumps({"ended": "done"}), flush=True)
"""


def run(worker, out, **options):
    given = {"seconds": 60, "settings": {}, "environment": os.environ} | options
    return runner.measure([sys.executable, "-c", worker], out, **given)


def test_a_row_that_hangs_or_dies_keeps_what_it_measured_and_the_next_goes_on(tmp_path):
    report = run(WORKER, tmp_path)
    assert [(one.name, one.rows, one.how.partition(":")[0]) for one in report.ended] == [
        ("good", 1, "done"),
        ("hangs", 1, "stopped"),
        ("dies", 1, "stopped"),
        ("last", 1, "done"),
    ]
    assert [row["job"] for row in json.loads((tmp_path / "results.json").read_text())] == [
        "good",
        "hangs",
        "dies",
        "last",
    ]
    table = (tmp_path / "table.md").read_text()
    assert "Device: a test" in table and "Not done: hangs: stopped: its time was over" in table


def test_rows_for_which_no_time_is_left_are_named(tmp_path):
    report = run(WORKER, tmp_path, seconds=0.9)
    assert {one.how for one in report.ended} <= {
        "no time was left",
        "done",
        "stopped: its time was over",
        "stopped: the worker did not start in time",
    }
    assert json.loads((tmp_path / "run.json").read_text())["rows"]


def test_a_worker_that_cannot_start_is_told(tmp_path):
    report = run("raise SystemExit(1)", tmp_path)
    assert [one.how for one in report.ended] == ["stopped: the worker ended at its start; see log.txt"]


def test_some_rows_by_the_beginning_of_their_names(tmp_path):
    assert [one.name for one in run(WORKER, tmp_path, beginnings=("la", "goo")).ended] == ["good", "last"]


def test_the_smaller_vocabulary_reads_its_text_as_before(tmp_path):
    text = [["A", "dog", "runs"], ["two", "dogs", "sleep"], ["a", "cat"]]
    material.random(text, tmp_path / "whole", material.SMALL)
    material.cut(tmp_path / "whole", text[::2], tmp_path / "cut")
    whole, cut = (Tokenizer.from_file(str(tmp_path / name / "tokenizer.json")) for name in ("whole", "cut"))
    assert cut.get_vocab_size() == len(material.SPECIAL) + 4 < whole.get_vocab_size()
    tables = [
        material.load_file(tmp_path / name / "model.safetensors")[material.WORDS][read.encode("a cat runs").ids]
        for name, read in (("whole", whole), ("cut", cut))
    ]
    assert (tables[0] == tables[1]).all()
    assert material.sentences(tmp_path / "cut") == text[::2]
    assert json.loads((tmp_path / "cut" / "config.json").read_text())["vocab_size"] == cut.get_vocab_size()


def test_a_result_that_is_wrong_has_no_times():
    found, wanted = np.array([1.0, 2.0]), np.array([1.0, 4.0])
    with pytest.raises(ValueError, match="the CPU's: the results differ by 0.5 of the largest, more than 0.4"):
        sides.near(found, wanted, 0.4, "the CPU's")
    assert sides.near(found, found, 0, "the CPU's") == "the CPU's to 0e+00"
    with pytest.raises(ValueError, match="nan"):
        sides.near([found, np.array(np.nan)], [found, np.array(1.0)], 1.0, "the CPU's")


def test_a_setting_that_needs_too_much_memory_is_left_out(tmp_path):
    def greedy():
        raise RuntimeError("RESOURCE_EXHAUSTED: out of memory")

    measuring = sides.Run(TINY, tmp_path, False, float("inf"))
    best, result = sides.quickest(sides.Side("ours", {"large": greedy, "small": lambda: 1}), measuring)
    assert (best.name, result, best.note) == ("small", 1, " (large out of memory)")
    with pytest.raises(MemoryError, match="with each of large"):
        sides.quickest(sides.Side("ours", {"large": greedy}), measuring)
