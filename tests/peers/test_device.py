"""A device run with PyTorch beside it: each row compares results before times, so that a row that is there agrees."""

import json
import subprocess
import sys
from pathlib import Path


def test_every_row_agrees_with_pytorch(tmp_path):
    command = [sys.executable, "-m", "benchmarks.device", "--size", "tiny", "--no-compile", "--minutes", "9"]
    root = Path(__file__).parents[2]
    done = subprocess.run([*command, "--out", str(tmp_path)], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + (tmp_path / "log.txt").read_text()
    rows = json.loads((tmp_path / "results.json").read_text())
    assert len(rows) > 15 and all(row["ratio"] > 0 and row["peer"] for row in rows)
