"""Each of our calls in the tables for people who come from another library runs, in the order of its page.

A cell in the second column is ours: what it has in backticks is run, after the blocks of Python before it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from jaxneuron.corpora import labelled, parallel
from jaxneuron.dictionary import Dictionary, folder
from jaxneuron_models import transformer_training
from jaxneuron_models.train import Schedule

PAGES = Path(__file__).parents[2] / "docs" / "coming_from"
NAMES = {"captum", "ecco", "neurox", "transformerlens"}
SENTENCES = ["the dogs near the cat run", "the cat near the dogs runs", "a dog runs", "the dogs run"]


def calls(page: str) -> Iterator[str]:
    """Yield blocks of Python and our calls, in their order."""
    for block, row in re.findall(r"^```python\n(.*?)^```$|^(\|[^\n]*\|)$", page, re.MULTILINE | re.DOTALL):
        if block:
            yield block
        if block or set(row) <= set("|-"):
            continue
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 3, f"expected three columns: {row}"
        if cells[1].startswith("`"):
            yield cells[1].strip("`")
        else:
            assert cells[1] in ("jaxneuron", "–"), f"no call of ours: {row}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder with what the pages name: a model, its dictionary, and a labelled text."""
    home = tmp_path_factory.mktemp("coming")
    words = [sentence.split() for sentence in SENTENCES] * 4
    shape = {"width": 8, "blocks": 2, "heads": 2, "longest": 16, "causal": True, "norm_first": True}
    schedule = Schedule(epochs=1, batch=4)
    model = home / "PATH" / "TO" / "MODEL"
    transformer_training.fit(jax.random.key(0), words, words[:4], model, schedule=schedule, **shape)
    made = Dictionary(jnp.eye(8), jnp.zeros(8), jnp.eye(8), jnp.zeros(8), k=2, site="block0/residual")
    folder.write(home / "PATH" / "TO" / "SAE", made)
    labels = [
        [("DT" if word in ("the", "a") else "NN" if word[:3] in ("dog", "cat") else "X") for word in row]
        for row in words
    ]
    text = labelled.build(words, labels={"pos": labels})
    parallel.write(text, home / "train.in", {"pos": home / "train.label"})
    return home


def test_every_page_is_run():
    assert {path.stem for path in PAGES.glob("*.md")} - {"index"} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_our_calls_run(name, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in home.iterdir():
        (tmp_path / given.name).symlink_to(given)
    session: dict = {}
    found = list(calls((PAGES / f"{name}.md").read_text(encoding="utf-8")))
    assert len(found) > 15
    for call in found:
        try:
            exec(compile(call, f"{name}.md", "exec"), session)
        except Exception as error:
            raise AssertionError(f"{name}.md: {call[:300]}") from error
