"""The page of the study of attribution, from a small made-up run."""

import copy
import json

import pytest

from jaxneuron.studies import Claim, running
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._kept import typed
from jaxneuron.studies.attribution import figures
from jaxneuron.studies.attribution import page as paging
from jaxneuron.studies.attribution.labelling import Accuracy
from jaxneuron.studies.attribution.study import STUDY

SITES = ["embed/word", "block0/residual"]
PIECES = ["[CLS]", "un", "##fun", "</script><b>x</b>", "[SEP]"]
SCORES = [0.0, -2.0, 1.0, 0.5, 0.0]
CONCEPT = {"score": 0.9, "deviation": 0.02, "mean": 0.1, "null": 0.5, "z": 4.0, "p": 0.001, "accuracy": 0.9}
ERRORS = {"worst": 2e-6, "median": 1e-7}


def concept(site, name, **changed):
    row = CONCEPT | {"site": site, "concept": name, "holm": 0.01, "benjamini_hochberg": 0.01}
    return row | changed


def layer(site, value):
    quartiles = {"low": -1.0, "first": -0.5, "median": 0.0, "third": 0.5, "high": 1.0}
    measures = {"sum": value, "share": value, "entropy": value, "own_bins": 1.0, "spread": value, "participation": 3.0}
    deviation = {"entropy": 0.1, "spread": 0.1, "sum": 0.1}
    return {"site": site, "texts": 2, "deviation": deviation, "mass": [0.5, 0.0, 0.5]} | quartiles | measures


def make_results():
    """Return the whole of a made-up `results.json`."""
    told = {"tokens": SCORES, "change": -0.5, "error": 1e-6, "probability": 0.7, "heat": dict.fromkeys(SITES, SCORES)}
    told["distribution"] = {"edges": [0.0, 1.0, 2.0, 3.0], "layers": [layer(site, 1.0) for site in SITES]}
    example = {"pieces": PIECES, "label": "0", "predicted": "0", "score": -1.0, "change": -0.5, "error": 1e-6}
    example |= {"tokens": SCORES, "layers": dict.fromkeys(SITES, SCORES)}
    unit = {"unit": 3, "share": 0.5, "signed": -0.1}
    rows = [{"site": site, "cut": True, "sum": 1.0, "units": 8, "half": 2, "first": [unit]} for site in SITES]
    control = [concept(site, "neutral words (control)", holm=1.0, z=None) for site in SITES]
    model = {
        "accuracy": {"accuracy": 0.8, "majority": 0.5, "texts": 10, "cut": 1},
        "explained": {
            "completeness": {"integrated_gradients": ERRORS, "layers": dict.fromkeys(SITES, ERRORS)},
            "layers": rows,
            "examples": [example],
        },
        "concepts": {
            "label": "1",
            "inputs": 4,
            "rows": [concept(site, "good words") for site in SITES] + control,
            "examples": {"good words": ["great fun"]},
        },
    }
    layers = [layer("block0/residual", 2.0), layer("block1/residual", 1.0)]
    spans = {
        "accuracy": {"exact": 0.5, "f1": 0.6, "first_word": 0.1, "texts": 10},
        "explained": {
            "layers": {"start": layers, "end": layers[::-1]},
            "examples": [{"pieces": PIECES, "start": 1, "end": 2, "start_told": told, "end_told": told}],
        },
    }
    found = {"labels": {"names": ["0", "1"], "models": {"text CNN": model}}, "spans": spans}
    claim = {"claim": "it works", "source": "us", "holds": True, "figure": 0.5, "note": ""}
    return {"study": "attribution", "version": "0", "seed": 0, "results": found, "claims": [claim]}


@pytest.fixture
def results():
    return make_results()


def page(directory, results):
    directory.mkdir()
    (directory / "results.json").write_text(json.dumps(results))
    (directory / "found.jsonl").write_text("")
    finished = running.draw(directory)
    return (directory / "report.html").read_text(), paging.content(finished)


def read(results):
    """Return a made-up run as its page reads it."""
    claims = typed(list[Claim], results["claims"], "claims")
    return Finished("attribution", typed(STUDY.results, results["results"], "results"), claims)


def test_text_is_coloured_escaped_and_numbered(results, tmp_path):
    text, content = page(tmp_path / "run", results)
    body = text.partition("<script")[0]
    assert "<b>x</b>" not in body and "&lt;/script&gt;&lt;b&gt;x&lt;/b&gt;" in body
    assert (
        'class="token against" style="--w:1.000">un<sub>−2.00</sub></span><span class="token for"' in body
    )  # one word
    assert "error 1.0e-06" in body
    assert "<b>x</b>" not in text and "\\u003c/script>" in text  # in the charts' data, too
    for chart in content["charts"]:
        assert f'id="{chart}"' in body


def test_half_a_study_has_half_a_page(results, tmp_path):
    only = copy.deepcopy(results)
    del only["results"]["labels"]
    body = page(tmp_path / "spans", only)[0].partition("<script")[0]
    assert '<section id="spans">' in body and '<section id="texts">' not in body and 'href="#concepts"' not in body
    only = copy.deepcopy(results)
    del only["results"]["spans"]
    body = page(tmp_path / "labels", only)[0].partition("<script")[0]
    assert '<section id="texts">' in body and '<section id="spans">' not in body


def test_headlines_say_what_the_numbers_say(results):
    told = paging.headlines(read(results))
    assert any("good words speak for it at 2 of 2 layers" in sentence for sentence in told)
    assert any(sentence.startswith("For the start") and " falls from 2.0 bits" in sentence for sentence in told)
    assert any(sentence.startswith("For the end") and " rises from 1.0 bits" in sentence for sentence in told)
    assert told[-1] == "All 1 claims that this run re-measured held."
    for row in results["results"]["labels"]["models"]["text CNN"]["concepts"]["rows"]:
        row["holm"] = None
    assert any("No concept is significant" in sentence for sentence in paging.headlines(read(results)))


def test_no_score_gives_no_colour():
    assert [row.weight for row in paging.coloured(["a", "b"], [0.0, 0.0])] == [0, 0]
    assert paging.coloured(["##"], [1.0])[0].text == "##"


def test_figures_are_drawn(results, tmp_path):
    paths = figures.write(read(results), tmp_path)
    assert {path.name for path in paths} >= {"tcav.png", "heat.svg", "distribution.png", "entropy.svg"}
    assert all(path.stat().st_size > 1000 for path in paths)


def test_a_model_that_learnt_nothing_is_said_to_have():
    assert "hardly learnt" in paging._learnt("encoder", Accuracy(0.58, 0.52, 400, 0))
    assert "hardly" not in paging._learnt("encoder", Accuracy(0.98, 0.5, 400, 0))
