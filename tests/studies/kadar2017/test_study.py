"""The whole study on a few captions: what it leaves, and what it refuses."""

import json
import math
import re

import numpy as np
import pytest

from jaxneuron.corpora import scenes
from jaxneuron.corpora.labelled import build
from jaxneuron.studies import captioned, running
from jaxneuron.studies.kadar2017 import material, presets, tagger
from jaxneuron.studies.kadar2017.options import COMMAND, Options
from jaxneuron.studies.kadar2017.presets import Preset
from jaxneuron.studies.kadar2017.results import PART, RELATION, SUM, TEXTUAL, VISUAL, Tagger
from jaxneuron.studies.kadar2017.study import STUDY, Given, Run, parsed
from tests.studies import tiny_imaginet

MICRO = Preset(imaginet={}, training={}, captions=90, least=8, learn=0.5, frequent=5, seen=2, bins=4, replicates=50)


def shortened(split, lengths=(5, 8)):
    """Return parsed captions of two lengths, and one of a single word: a length is a compilation."""
    whole = scenes.parsed(split)
    rows = [row for row, words in enumerate(whole.sentences) if len(words) in lengths][:120]
    labels = {
        name: [["NOUN" if name == PART else "root"], *(layer[row] for row in rows)]
        for name, layer in whole.labels.items()
    }
    return build([["dog"], *(whole.sentences[row] for row in rows)], labels=labels)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_imaginet.store(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study")
    text = shortened("test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "micro", MICRO)
        patch.setattr(captioned, "read", lambda path: tiny_imaginet.data())
        patch.setattr(material.scenes, "parsed", lambda split: text)
        told = running.run(directory, STUDY, Options(model=model), preset="micro")
    return directory, told


@pytest.mark.slow
def test_a_run_leaves_a_page_figures_and_results(finished):
    directory, told = finished
    left = {path.name for path in directory.iterdir()}
    assert {
        "report.html",
        "results.json",
        "found.jsonl",
        "omission.npz",
        "information.png",
        "omission_upos.svg",
    } <= left
    page = (directory / "report.html").read_text()
    charts = json.loads(re.search(r'<script id="charts"[^>]*>(.*?)</script>', page, re.S).group(1))
    assert {"parts", "relations-ratio", "positions", "information-units", "information-ratio"} <= set(charts)
    assert all(f'id="{name}"' in page for name in charts) and 'class="token visual"' in page
    sections = [anchor for anchor in re.findall(r'href="#([a-z-]+)"', page) if anchor != "content"]
    assert sections and all(f'<section id="{anchor}"' in page for anchor in sections)
    assert told.results.text.single == 1 and "of one word have no omission score" in page


@pytest.mark.slow
def test_scores_are_those_of_words_and_are_counted(finished):
    directory, told = finished
    text = told.results.text
    with np.load(directory / "omission.npz") as stored:
        scores = dict(stored)
    assert set(scores) == {VISUAL, TEXTUAL, SUM} and text.captions == MICRO.captions
    for values in scores.values():
        assert np.isfinite(values).sum() == text.words - 1 and np.nanmin(values) >= 0
    for layer in (PART, RELATION):
        rows = told.results.categories[layer]
        medians = [row.scores[VISUAL].median for row in rows]
        assert medians == sorted(medians, reverse=True) and all(row.scores[SUM].n >= MICRO.least - 1 for row in rows)
        assert all(row.log_ratio.lower <= row.log_ratio.median <= row.log_ratio.upper for row in rows)


@pytest.mark.slow
def test_a_sum_of_words_is_explained_by_the_words(finished):
    rows = finished[1].results.regression
    assert rows[SUM].word > 0.1 and all(math.isfinite(value) for row in rows.values() for value in row[:4])
    assert set(rows[VISUAL].coefficients) >= {"first", "last"}


@pytest.mark.slow
def test_units_tell_about_every_kind_of_context(finished):
    _, told = finished
    kinds = {(row.network, row.kind, row.order) for row in told.results.information}
    assert len(kinds) == 12 and all(0 <= row.units.median <= math.log2(MICRO.bins) for row in told.results.information)
    assert all(row.low <= row.log_ratio <= row.high for row in told.results.ratios)
    for row in told.found:
        assert len(row.words.split()) == len(row.relations.split()) == row.order and row.n >= 1
    assert {claim.source.split(",")[0] for claim in told.claims} == {"Kádár et al. 2017", "our own check"}


def test_labels_come_from_a_parse_or_from_a_treebank(tmp_path):
    path = tmp_path / "text.conllu"
    line = "{}\t{}\t_\t{}\t_\t_\t{}\t{}\t_\t_"
    words = [("The", "DET", 2, "det"), ("Dog", "NOUN", 0, "root"), (".", "PUNCT", 2, "punct")]
    path.write_text("\n".join(line.format(at, *word) for at, word in enumerate(words, 1)) + "\n\n")
    found = material.parsed(None, path, None, seed=0)
    assert found.text.sentences == [["the", "dog"]] and found.text.labels[RELATION] == [["det", "root"]]
    known = build(
        [["a", "dog", "runs"]] * 60,
        labels={PART: [["DET", "NOUN", "VERB"]] * 60, RELATION: [["det", "nsubj", "root"]] * 60},
    )
    trained = tagger.train(known, known)
    assert trained.quality[:3] == (180, 1.0, 1.0) and 0 < trained.quality.scenes_upos < 1
    assert tagger.tag(trained, [["a", "dog"]]).labels[PART] == [["DET", "NOUN"]]


def test_captions_are_tagged_once(tmp_path, monkeypatch):
    told, labels = [], {layer: [["a", "b"]] for layer in (PART, RELATION)}
    made = material.Parsed("it", build([["a", "dog"]], labels=labels), "a tagger", Tagger(2, 1.0, 0.5, 1.0, 0.5))
    monkeypatch.setattr(material, "parsed", lambda *_, **__: told.append("tagged") or made)
    given = Given(tiny_imaginet.data(), material.Treebank("bank", made.text, made.text), None)

    def run():
        return Run(tmp_path, given, MICRO, Options(data=tmp_path), 0, lambda _: None, lambda _: None, {})

    assert parsed(run()) == parsed(run()) == made and told == ["tagged"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": "."}, "captions have no parts of speech; give --treebank"),
        ({"treebank": "."}, "to tag the captions of --data"),
        ({"data": ".", "treebank": ".", "parsed": "."}, "where there is no --parsed"),
    ],
)
def test_captions_without_parses_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        COMMAND.check(Options(**given))


@pytest.mark.parametrize(
    ("sentences", "message"),
    [([["xyz", "zyx"]], "not in the model's vocabulary"), ([["dog"], ["man"]], "every sentence of it has one word")],
)
def test_text_that_says_nothing_is_refused(sentences, message):
    labels = {PART: [["NOUN"] * len(words) for words in sentences], RELATION: [["root"] * len(w) for w in sentences]}
    found = material.Parsed("it", build(sentences, labels=labels), "hand")
    with pytest.raises(ValueError, match=message):
        material.prepare(tiny_imaginet.model(), found, captions=9)
