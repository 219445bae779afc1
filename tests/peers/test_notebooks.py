"""The notebooks run, small, as a reader would run them; what is kept is whole, and tells nothing of a machine."""

import json
import re
from pathlib import Path

import pytest

from notebooks import run

PATHS = sorted(run.HERE.glob("*.ipynb"))
ELSEWHERE = re.compile(r"/(home|root|tmp|usr|work|Users|var)/\w|site-packages|Traceback")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path, monkeypatch):
    monkeypatch.setenv("JAXNEURON_NOTEBOOK", "small")
    monkeypatch.delenv("JAXNEURON_DATA", raising=False)
    run.executed(path, directory=tmp_path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_is_kept_is_a_whole_run(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    said = json.dumps([cell["outputs"] for cell in cells])
    assert sum(bool(cell["outputs"]) for cell in cells) > len(cells) / 2
    assert not ELSEWHERE.search(said) and '"stderr"' not in said and path.stat().st_size <= run.LARGEST
    assert "%pip install --quiet jaxneuron-nlp" in "".join(cells[0]["source"])


def test_there_are_seven():
    assert [path.name[0] for path in PATHS] == list("1234567")
