"""The study of redundancy on a tiny model and two tasks: what it leaves, and what it refuses."""

import json
import re

import numpy as np
import pytest

from jaxneuron.studies import _finished, _kept, _splits, running
from jaxneuron.studies.redundancy import material, page, presets
from jaxneuron.studies.redundancy.options import Options
from jaxneuron.studies.redundancy.presets import Preset
from jaxneuron.studies.redundancy.results import Gone, Ordered, Whence
from jaxneuron.studies.redundancy.study import STUDY

FIT = {"epochs": 3, "batch": 64, "learning_rate": 3e-2}
MICRO = Preset(
    counts=(1, 4, 12),
    lost=(0.1, 0.5, 1.0),
    training={"epochs": 1, "width": 8, "blocks": 1, "heads": 2, "longest": 16},
    words=400,
    texts=60,
    probe=FIT,
    sparse=FIT | {"l1": 1e-3},
    thresholds=(0.3, 0.8),
    draws=2,
    sentences=8,
    longest=12,
)
WORDS = {"DET": "the a", "NOUN": "dog cat bird tree", "VERB": "sees likes", "ADJ": "big red", "ADV": "often"}


def sentences(count, seed):
    """Yield sentences as words and tags."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        tags = ["DET", *["ADJ"] * random.integers(2), "NOUN", *["ADV"] * random.integers(2), "VERB", "DET", "NOUN"]
        yield [random.choice(WORDS[tag].split()) for tag in tags], tags


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A treebank, and texts that say whether they have an adjective."""
    folder = tmp_path_factory.mktemp("data")
    tree, texts = folder / "tree", folder / "texts"
    tree.mkdir()
    texts.mkdir()
    for seed, (split, count) in enumerate({"train": 80, "dev": 40, "test": 40}.items()):
        lines, rows = [], []
        for words, tags in sentences(count, seed):
            for place, (word, tag) in enumerate(zip(words, tags, strict=True), 1):
                lines.append("\t".join([str(place), word, word, tag, "_", "_", "0", "root", "_", "_"]))
            lines.append("")
            rows.append(json.dumps({"text": " ".join(words), "label": int("ADJ" in tags)}))
        (tree / f"{split}.conllu").write_text("\n".join(lines) + "\n")
        (texts / f"{split}.jsonl").write_text("\n".join(rows) + "\n")
    return tree, texts


@pytest.fixture(scope="module", autouse=True)
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "demo", MICRO)
        yield


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study") / "run"
    return directory, running.run(directory, STUDY, Options(data=data), preset="demo")


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, content = finished
    left = {path.name for path in directory.iterdir()}
    assert {"report.html", "results.json", "found.jsonl", "settings.json", "store", "model"} <= left
    assert {f"{figure}.{kind}" for figure in ("redundant", "units", "missed") for kind in ("png", "svg")} <= left
    text = (directory / "report.html").read_text()
    for section in ("units", "general", "layers", "missed", "needed", "claims"):
        assert f'<section id="{section}">' in text
    drawn = page.content(content)["charts"]
    assert len(drawn) == 10 and all(f'class="chart" id="{name}"' in text for name in drawn)
    ids = re.findall(r'\bid="([^"]+)"', text.partition("<script")[0])
    assert len(set(ids)) == len(ids)
    assert _finished.read(directory, STUDY) == content
    assert all(claim.source and isinstance(claim.holds, bool) for claim in content.claims)
    assert len(content.claims) >= 12 and any("85%" in claim.claim for claim in content.claims)


def test_what_is_redundant_is_counted_by_layer(finished):
    results = finished[1].results
    assert results.sites == ["embed", "block0/residual", "final"] and results.general.units == 24
    near, far = results.general.thresholds
    assert near.kept >= far.kept >= 1 and near.share == 1 - near.kept / 24
    assert all(0 <= share < 1 for row in (near, far) for share in row.within)
    similar = np.array(results.general.similarity)
    np.testing.assert_allclose(similar, similar.T, atol=1e-6)
    np.testing.assert_allclose(similar.diagonal(), 1, atol=1e-5)


def test_each_task_says_what_it_needs(finished):
    words, texts = finished[1].results.tasks
    assert (words.layer, words.each, words.classes) == ("upos", "word", 5)
    assert (texts.each, texts.classes, texts.rows) == ("text", 2, {"train": 60, "dev": 24, "test": 24})
    for task in (words, texts):
        assert 1 <= task.selected <= 3 and task.left <= 8 * task.selected
        assert [row.site for row in task.depths] == ["embed", "block0/residual", "final"]
        assert task.depths[-1].below == task.dev
        sizes = [one.units for one in task.fewest]
        assert sizes == sorted(sizes) and 1 <= sizes[0] and sizes[-1] <= task.left
        assert all(one.reached == (one.dev >= one.share * task.dev) for one in task.fewest)
        assert {(row.order, row.count) for row in task.curve} >= {(Ordered.RANKED, 12), (Ordered.RANDOM, 12)}
        assert task.thinned[0].units >= task.thinned[1].units
    assert words.test > words.majority + 0.2


def test_units_are_missed_in_the_probe_and_in_the_model(finished):
    rows = finished[1].results.missed
    for whence in Whence:
        own = {(row.gone, row.count): row.accuracy for row in rows if row.whence is whence}
        assert {count for _, count in own} == {0, 2, 12, 24}
        assert len({own[gone, 0] for gone in Gone}) == len({round(own[gone, 24], 6) for gone in Gone}) == 1


def test_the_units_that_are_needed_are_listed(finished):
    directory, content = finished
    rows = [json.loads(line) for line in (directory / "found.jsonl").open()]
    assert _kept.plain(content.results.needed) == rows
    for task in content.results.tasks:
        own = [row for row in rows if row["task"] == task.name]
        assert len(own) == task.fewest[0].units and own[0]["place"] == 0
        assert all(0 <= row["unit"] < 8 and row["stands_for"] >= 1 for row in own)


def test_the_headlines_say_how_few_are_enough(finished):
    text = " ".join(page.headlines(finished[1]))
    assert "of 24 units" in text and "needs the lowest" in text and "side the model" in text


def test_the_scenes_are_two_tasks(monkeypatch):
    dev = _splits._scenes("dev")
    monkeypatch.setattr(_splits, "read", lambda path: dict.fromkeys(_splits.SPLITS, dev))
    words, texts = material.scenes()
    assert (words.name, words.layer, words.each) == ("scenes", "kind", "word")
    assert (texts.name, texts.layer, texts.each) == ("captions", "several", "text")
    several, plural = (one.splits["dev"] for one in (texts, words))
    wanted = ["yes" if "positive" in row else "no" for row in plural.labels["plural"]]
    assert several.sentence_labels["several"] == wanted and {*wanted} == {"yes", "no"}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"labels": "upso"}, KeyError, "tree has no layer 'upso': did you mean 'upos'"),
        ({"labels": "upos"}, KeyError, "texts has no layer 'upos'"),
        ({"model": "nowhere/at/all"}, FileNotFoundError, "no folder nowhere/at/all"),
    ],
)
def test_what_cannot_be_studied_is_said_before_anything_is_written(data, tmp_path, changed, error, message):
    with pytest.raises(error, match=message):
        running.run(tmp_path / "run", STUDY, Options(**{"data": data} | changed), preset="demo")
    assert not (tmp_path / "run" / "settings.json").exists()


def test_two_texts_of_one_name_and_texts_without_labels_are_refused(data, tmp_path):
    with pytest.raises(ValueError, match="the same name"):
        running.run(tmp_path / "run", STUDY, Options(data=(data[0], data[0])), preset="demo")
    plain = tmp_path / "plain.txt"
    plain.write_text("a dog sees the cat\n" * 30)
    with pytest.raises(ValueError, match="plain has no labels"):
        running.run(tmp_path / "run", STUDY, Options(data=(plain,)), preset="demo")
