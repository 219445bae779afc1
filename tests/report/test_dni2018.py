"""The page of Deep Neural Inspection shows what was found, as it was found."""

import json
import re

import numpy as np
import pytest

from jaxneuron.report import dni2018, dni2018_figures, html
from jaxneuron.report._run import Run

RATES = {"low": 0.7, "high": 0.9, "least": 0.6, "most": 0.95}


def make_results():
    """Return made-up results of one hypothesis of each group, and one feature."""
    relevance = [
        {"hypothesis": f"{mark} of level{level}", "group": "level", "line": f"level {level}", "mark": mark}
        | {"kind": "binary", "share": 0.2, "best": 0.9 + level / 100, "accuracy": 0.95, "majority": 0.8, "cell": 0.97}
        | {"top": [{"unit": 7, "score": 0.9 + level / 100, "accuracy": 0.95, "sign": -1}]}
        | {"sorted": np.linspace(0.9, 0.5, 16).tolist(), "sorted_accuracy": [0.9] * 16}
        for level in (1, 4)
        for mark in ("range", "impulse")
    ]
    removal = [
        {"feature": None, "way": "remove", "units": "random", "count": k, "accuracy": 0.8} | RATES for k in (1, 5)
    ]
    removal += [
        {"feature": "digit", "way": way, "units": "top", "count": k, "accuracy": 0.5}
        | ({"as_low": 0.0} if way == "remove" else {})
        for way in ("remove", "oracle", "own means")
        for k in (1, 5)
    ]
    text = {"feature": "digit", "what": "digits", "symbols": 90, "example": "0(1</script>\n)"}
    writing = [text | {"units": "none", "held": "", "count": 0, "rate": 40.0}]
    for k in (1, 5):
        writing.append(text | {"units": "random", "held": "1", "count": k, "rate": 41.0} | RATES | {"high": 44.0})
        writing += [text | {"units": "top", "held": held, "count": k, "rate": 55.0} for held in ("1", "side")]
    view = {"hypothesis": "range of level1", "group": "level", "unit": 7, "score": 0.91, "sign": -1}
    view |= {"text": "0(<1)", "activation": [0.0, -1.0, -0.9, -0.8, 0.7], "label": [0, 1, 1, 1, 1]}
    passage = {"text": "00((11))00", "start": 2, "stop": 4}
    return {
        "language": "parens",
        "site": "lstm0/hidden",
        "features": ["digit"],
        "quality": {"bits": 1.5, "accuracy": 0.4, "symbols": 900, "n_gram": 1.6, "trained_on": 1000, "vocabulary": 10}
        | {"parameters": 12345, "curves": [{"step": 1, "train_loss": 1.0, "dev_loss": 1.1}]},
        "scored": {"symbols": 12000, "units": 16, "hypotheses": 4, "folds": 20, "seconds": 1.25},
        "faults": [{"name": "broken", "text": 3, "position": 17, "reason": "expected 9 labels, got 8"}],
        "relevance": relevance,
        "removal": {"classes": ["0", "1"], "intact": {"accuracy": 0.99}, "rows": removal},
        "writing": writing,
        "views": [view] * 14,
        "matching": passage
        | {"hypothesis": "range of level1", "threshold": 0.3, "units": [1, 7]}
        | {"matches": [passage | {"shared": 2, "jaccard": 0.5}]},
    }


@pytest.fixture
def whole():
    claim = {"claim": "a unit knows", "source": "Sellam et al. 2018", "holds": False, "figure": 0.5, "note": ""}
    return {"study": "dni2018", "version": "0", "seed": 0, "device": "cpu", "settings": {"language": "parens"}} | {
        "results": make_results(),
        "claims": [claim],
    }


def test_the_page_has_every_section_and_nothing_can_break_out(tmp_path, whole, monkeypatch):
    monkeypatch.setitem(html.CONTENTS, "dni2018", dni2018.content)
    (tmp_path / "results.json").write_text(json.dumps(whole))
    (tmp_path / "found.jsonl").write_text("")
    page = html.write(tmp_path).read_text()
    sections = "relevance views matching removal writing claims faults model question settings".split()
    assert all(f'<section id="{section}"' in page for section in sections)
    assert "✗ does not hold" in page and "expected 9 labels, got 8" in page
    assert "0(1&lt;/script&gt;" in page and '<span class="s0 t">(</span>' in page
    drawn = json.loads(re.search(r'id="charts" type="application/json">(.*?)</script>', page, re.DOTALL)[1])
    assert all(f'id="{name}"' in page for name in drawn) and len(drawn) == 5
    assert not re.search(r'(src|href)="http', page.replace("https://arxiv", ""))


def test_a_run_without_figures_has_a_page(tmp_path, whole, monkeypatch):
    monkeypatch.setitem(html.CONTENTS, "dni2018", dni2018.content)
    (tmp_path / "results.json").write_text(json.dumps(whole | {"results": {"language": "c"}, "claims": []}))
    (tmp_path / "found.jsonl").write_text("")
    assert "</html>" in html.write(tmp_path).read_text()


def test_headlines_say_what_the_figures_say(whole):
    said = " ".join(dni2018.headlines(whole))
    assert "4 of 4 hypotheses about structure" in said and "Without the top 5 units of digit, 50.0%" in said
    assert "random ones 80.0%, with all 99.0%" in said and "for 1 of 1 features: digit." in said
    assert "1.500 bits per symbol, fewer than a 5-gram model (1.600)" in said
    for row in whole["results"]["writing"]:
        row["rate"] = 40.0
    whole["results"]["quality"]["bits"] = 1.7
    said = " ".join(dni2018.headlines(whole))
    assert "for 0 of 1 features." in said and "bits per symbol, more than a 5-gram model (1.600)" in said


def test_shades_join_what_looks_alike():
    view = {"text": "abcd", "activation": [0.95, 1.0, 1.0, None], "label": [1, 1, 0, 0]}
    assert dni2018.spans(view) == [("ab", 5, True), ("c", 5, False), ("d", 0, False)]


def test_panels_are_those_of_the_paper(whole):
    shown = dni2018.content(Run(whole, []))
    assert [title for _, title in shown["panels"]] == ["nesting level, range", "nesting level, impulse"]
    spec = shown["charts"]["chart-relevance-0"]
    assert len(spec["data"]["values"]) == 32


def test_every_figure_is_drawn(tmp_path, whole):
    names = {"relevance": "figure2", "removal": "figure5", "written": "figure4"}
    paths = dni2018_figures.write(whole["results"], tmp_path, names=names)
    assert {path.stem for path in paths} == set(names.values()) and all(path.stat().st_size > 1000 for path in paths)
    assert dni2018_figures.write({"language": "c"}, tmp_path) == []


def test_what_no_unit_tells_is_said_and_not_shown(tmp_path, whole, monkeypatch):
    monkeypatch.setitem(html.CONTENTS, "dni2018", dni2018.content)
    row = whole["results"]["relevance"][0]
    row |= {"best": 0.5, "top": [{"unit": 0, "score": 0.5, "accuracy": 0.8, "sign": 1}]}
    whole["results"]["asked"] = {"digit": ["range of level1"]}
    (tmp_path / "results.json").write_text(json.dumps(whole))
    (tmp_path / "found.jsonl").write_text("")
    page = " ".join(html.write(tmp_path).read_text().split())
    assert "No unit tells 1 of the 4 hypotheses" in page and "range of level1: unit" not in page
    assert '<td class="n">none</td>' in page and "arbitrary which units are called the top ones" in page
    assert '<section id="views">' not in page  # it showed that hypothesis only
    assert any("told by some unit" in said for said in dni2018.headlines({"results": make_results()}))


@pytest.mark.parametrize("study", ["concepts", "dni2018"])
def test_the_question_is_the_first_section(study):
    text = (html.TEMPLATES / f"{study}.html").read_text()
    assert re.findall(r'<section id="([a-z0-9-]+)"', text)[0] == "question"
    assert re.search(r'set sections = \[\s*\("question"', text)
