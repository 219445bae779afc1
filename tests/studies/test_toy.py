"""A fifth study is one folder: a page, two stages and a claim, which the command line lists, runs and draws again."""

import json
import sys

import pytest

from jaxneuron import cli, studies
from jaxneuron.cli import main

OPTIONS = '''
"""How long are words?"""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies import Command, Existing, Option


class Options(NamedTuple):
    """What may be asked."""

    text: Annotated[Path | None, Option("A text file.", "a made-up text", accepts=Existing("a text"))] = None
    letter: Annotated[str, Option("What is counted.", choices=("a", "e"))] = "e"


COMMAND = Command("toy", "Ask how long words are.", Options, presets={"demo": "no time at all"})
'''

STUDY = '''
"""How long are words, and how often do they have a letter?"""

from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.studies import Claim, Page, Study
from jaxneuron.studies.running import Run
from jaxneuron.studies.toy.options import COMMAND


class Preset(NamedTuple):
    longest: int = 20


class Lengths(NamedTuple):
    words: int
    mean: float
    seconds: float = 0.5


class Results(NamedTuple):
    lengths: Lengths
    letters: list[int]


class Found(NamedTuple):
    word: str
    length: int


def read(options: Any, preset: Preset, seed: int) -> list[str]:
    return (options.text.read_text() if options.text else "three green apples").split()


def prepare(run: Run) -> list[str]:
    return [word for word in run.given if len(word) <= run.preset.longest]


def lengths(run: Run) -> Lengths:
    words = run.of(prepare)
    run.report("measure")
    return Lengths(len(words), sum(map(len, words)) / len(words))


def letters(run: Run) -> list[int]:
    return [word.count(run.options.letter) for word in run.of(prepare)][: run.of(lengths).words]


def found(run: Run) -> list[Found]:
    return [Found(word, len(word)) for word in run.of(prepare)]


def claims(results: Results) -> list[Claim]:
    return [Claim("words are short", "the toy", results.lengths.mean < 6, results.lengths.mean)]


def headlines(run: Any) -> list[str]:
    return [f"The mean length is {run.results.lengths.mean:.2f}."]


page = Page(Path(__file__).with_name("page.html"), lambda run: {"rows": run.found}, headlines)
STUDY = Study(
    COMMAND,
    presets={"demo": Preset()},
    read=read,
    prepare=prepare,
    stages={"lengths": lengths, "letters": letters},
    results=Results,
    found=found,
    claims=claims,
    page=page,
)
'''

PAGE = """{% extends "page.html" %}
{% from "_macros.html" import claimed, findings, made, settings_list with context %}
{% block title %}Toy{% endblock %}
{% block body %}
<main id="content">{{ findings(headlines) }}{% for row in rows %}<p>{{ row.word }}</p>{% endfor %}
{{ claimed(claims) }}{{ settings_list(options) }}</main>{{ made(run) }}
{% endblock %}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    home = tmp_path / "studies" / "toy"
    home.mkdir(parents=True)
    files = {"__init__.py": '"""A toy."""', "options.py": OPTIONS, "study.py": STUDY, "page.html": PAGE}
    for name, content in files.items():
        (home / name).write_text(content)
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(home.parent)])
    for name in ("_app", "study"):  # which look for studies when they are imported
        monkeypatch.delitem(sys.modules, f"jaxneuron.cli.{name}", raising=False)
        monkeypatch.delattr(cli, name, raising=False)
    yield home
    for name in [name for name in sys.modules if name.startswith("jaxneuron.studies.toy")]:
        del sys.modules[name]


def said(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    printed = capsys.readouterr()
    return ended.value.code, " ".join((printed.out + printed.err).split())


def test_a_fifth_study_is_a_folder(toy, tmp_path, capsys):
    assert len((OPTIONS + STUDY + PAGE).splitlines()) < 120 and "toy" in studies.find()
    assert "Ask how long words are." in said(capsys, "study", "--help")[1]
    code, text = said(capsys, "study", "toy", "--help")
    assert code == 0 and "no time at all" in text and "What is counted" in text
    out = tmp_path / "out"
    code, text = said(capsys, "study", "toy", "--out", out, "--letter", "a")
    assert code == 0, text
    assert "The mean length is 5.33." in text and "does not hold" not in text
    results = json.loads((out / "results.json").read_text())
    assert results["results"] == {"lengths": {"words": 3, "mean": 16 / 3}, "letters": [0, 0, 1]}
    assert results["claims"][0]["holds"] is True and results["settings"]["text"] == "a made-up text"
    assert json.loads((out / "timings.json").read_text()) == {"results": {"lengths": {"seconds": 0.5}}}
    assert [json.loads(line)["word"] for line in (out / "found.jsonl").open()] == ["three", "green", "apples"]
    page = (out / "report.html").read_text()
    assert "<p>green</p>" in page and "words are short" in page and "</html>" in page
    (out / "report.html").unlink()
    assert said(capsys, "report", out)[0] == 0 and (out / "report.html").read_text() == page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--letter", "u"], "expected one of a, e, got 'u'"),
        (["--text", "nowhere"], "--text nowhere: no file or folder nowhere; expected a text"),
        (["--preset", "huge"], "expected one of demo, got 'huge'"),
        (["--seed", "-1"], "expected a whole number"),
    ],
)
def test_its_options_are_checked_before_the_work(toy, tmp_path, capsys, wrong, message):
    code, text = said(capsys, "study", "toy", "--out", tmp_path / "new", *wrong)
    assert code == 2 and message in text and not (tmp_path / "new").exists()
