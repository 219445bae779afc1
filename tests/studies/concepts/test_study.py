"""The study of concepts on two small treebanks: what it leaves, and that a killed run goes on."""

import json
import re

import numpy as np
import pytest

from jaxneuron.cli import main
from jaxneuron.studies import _finished, _kept, _splits, _subject, running
from jaxneuron.studies._sentences import read_sentences
from jaxneuron.studies.concepts import languages, material, page, presets
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.concepts.options import Options
from jaxneuron.studies.concepts.presets import Preset
from jaxneuron.studies.concepts.results import CHANCE, Direction, Extent, Place, Reader, near, of
from jaxneuron.studies.concepts.study import STUDY

FIT = {"epochs": 2, "batch": 64, "learning_rate": 1e-2}
MICRO = Preset(
    methods={name: {} for name in ("linear", "gaussian", "probeless", "correlation")} | {"gaussian": {"select": 3}},
    wide_methods={"linear": {}, "probeless": {}, "correlation": {}},
    counts=(1, 4),
    wide_counts=(2, 8),
    probe=FIT,
    many_probes=FIT,
    training={"epochs": 1, "width": 8, "blocks": 1, "heads": 2, "longest": 16},
    words=600,
    held_out=300,
    control_seeds=2,
    repeats=2,
    sentences=8,
    longest=12,
    top=4,
    lost=(0.25, 0.5, 1.0),
)
WORDS = {"DET": "the a", "NOUN": "dog cat bird tree", "VERB": "sees likes hears", "ADJ": "big red", "X": "zz"}
ORDER = ["DET", "ADJ", "NOUN", "VERB", "DET", "NOUN"]


def treebank(folder, splits, *, seed, ending=""):
    """Write sentences whose words say what they are, in CoNLL-U."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for split, sentences in splits.items():
        lines = []
        for _ in range(sentences):
            for place, tag in enumerate(ORDER):
                word = random.choice(WORDS[tag].split()) + ending
                number = "Number=Plur" if random.random() < 0.3 and tag == "NOUN" else "_"
                word += "s" if number != "_" else ""
                lines.append("\t".join([str(place + 1), word, word, tag, "_", number, "0", "root", "_", "_"]))
            lines.append("")
        (folder / f"{split}.conllu").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "demo", MICRO)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    english = treebank(folder / "english", {"train": 90, "dev": 30, "test": 30}, seed=0)
    return english, treebank(folder / "other", {"dev": 60, "test": 20}, seed=1, ending="o")


@pytest.fixture(scope="module")
def asked(data):
    return Options(data=data, labels="upos,Number")


@pytest.fixture(scope="module")
def finished(asked, tmp_path_factory):
    directory, reports = tmp_path_factory.mktemp("study") / "run", []
    content = running.run(directory, STUDY, asked, preset="demo", report=reports.append)
    return directory, content, reports


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, content, _ = finished
    left = {path.name for path in directory.iterdir()}
    assert {"report.html", "results.json", "timings.json", "found.jsonl", "settings.json", "store", "model"} <= left
    assert {f"{figure}.{kind}" for figure in ("curves", "layers", "ablation") for kind in ("png", "svg")} <= left
    assert not list(directory.rglob("*.partial"))
    text = (directory / "report.html").read_text()
    for section in ("curves", "layers", "classes", "ablation", "agreement", "languages", "examples", "claims"):
        assert f'<section id="{section}">' in text
    charts = page.content(content)["charts"]
    assert len(charts) >= 10 and all(f'class="chart" id="{name}"' in text for name in charts)
    ids = re.findall(r'\bid="([^"]+)"', text.partition("<script")[0])
    assert len(set(ids)) == len(ids)  # a chart would be drawn in place of a section of its name


def test_results_have_every_key_of_the_design(finished):
    directory, content, _ = finished
    assert _finished.read(directory, STUDY) == content
    results = json.loads((directory / "results.json").read_text())
    assert '"seconds"' not in (directory / "results.json").read_text() + (directory / "found.jsonl").read_text()
    assert {"jax", "jaxlib", "flax", "numpy", "python", "jaxneuron"} == set(results["versions"])
    assert {"study", "version", "versions", "seed", "device", "settings", "results", "claims"} <= set(results)
    for claim in results["claims"]:
        assert set(claim) == {"claim", "source", "holds", "figure", "note"} and claim["source"]
        assert isinstance(claim["holds"], bool)
    assert len(results["claims"]) >= 12


def test_what_was_found_is_listed_in_its_own_words(finished):
    directory, content, _ = finished
    rows = [json.loads(line) for line in (directory / "found.jsonl").open()]
    assert {"name", "site", "unit", "sign", "correlation", "words", "score"} == set(rows[0])
    assert _kept.plain(content.results.examples) == rows and "dog" in "".join(sum((row["words"] for row in rows), []))


def test_every_ranking_meets_every_probe(finished):
    curves = finished[1].results.curves
    rows = [row for row in curves if row.scope is Extent.LAYER]
    met = {(row.ranking, row.probe, row.direction, row.count) for row in rows}
    assert len(met) == len(rows)
    for ranking in MICRO.methods:
        for probe in Reader:
            ends = (Direction.TOP, Direction.BOTTOM)
            assert {(ranking, probe, direction, k) for direction in ends for k in (1, 4)} <= met
    assert (*CHANCE[:1], Reader.GAUSSIAN, CHANCE[1], 4) in met
    at = near(of(curves, Extent.LAYER, Reader.GAUSSIAN), 3)
    assert at[CHANCE].count == 4 and at[Method.PROBELESS, Direction.TOP].ranking == "probeless"


def test_the_numbers_make_sense(finished):
    results = finished[1].results
    accuracy = results.accuracy
    assert accuracy.test > accuracy.majority + 0.2
    assert accuracy.lexicon > 0.95  # each word has one tag
    assert results.sites == ["embed", "block0/residual", "final"] and accuracy.units == 24
    for row in results.classes:
        assert sum(row.by_layer) == row.units and 1 <= row.units <= 24
    assert sum(results.where.share) == pytest.approx(1)
    assert set(results.properties) == {"upos", "Number"}
    assert 1 <= results.properties["upos"].minimal.units <= 24
    inside = [row for row in results.ablation if row.place is Place.MODEL]
    nothing = next(row for row in inside if row.ranking == Method.NOTHING)
    assert nothing.flips == 0 and nothing.perplexity > 1 and nothing.accuracy is None
    everything = [row for row in inside if row.count == 8]
    assert len({round(row.perplexity, 4) for row in everything}) == 1  # all units gone: whose order does not matter
    assert all(row.divergence > 0 for row in everything)
    for pair in results.languages.pairs:
        assert 0 <= pair.overlap <= 1 and pair.classes == 4


def test_a_stopped_run_goes_on_and_ends_the_same(finished, asked, tmp_path):
    directory, content, reports = finished

    class Killed(Exception):
        pass

    def stop(what):
        if what.startswith("layer: gaussian probe"):
            raise Killed

    asked = asked._replace(model=str(directory / "model"))
    with pytest.raises(Killed):
        running.run(tmp_path / "run", STUDY, asked, preset="demo", report=stop)
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "stages").rglob("*.json")}
    assert done and not (tmp_path / "run" / "results.json").exists()
    again = running.run(tmp_path / "run", STUDY, asked, preset="demo")
    assert all(path.stat().st_mtime_ns == before for path, before in done.items())
    assert content.results._replace(seconds={}) == again.results._replace(seconds={})


def test_another_run_is_refused(finished, asked):
    directory = finished[0]
    with pytest.raises(ValueError, match="holds a run with other settings .*seed"):
        running.run(directory, STUDY, asked, preset="demo", seed=1)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"labels": "upos,upos"}, ValueError, "'upos' is named twice"),
        ({"labels": "upo"}, KeyError, "english has no layer 'upo' of words: did you mean 'upos'"),
        ({"model": "nowhere/at/all"}, FileNotFoundError, "no folder nowhere/at/all"),
    ],
)
def test_what_cannot_be_studied_is_said_before_anything_is_written(data, tmp_path, changed, error, message):
    with pytest.raises(error, match=message):
        running.run(tmp_path / "run", STUDY, Options(**{"data": data} | changed), preset="demo")
    with pytest.raises(ValueError, match="no preset 'demi': did you mean 'demo'"):
        running.run(tmp_path / "run", STUDY, preset="demi")
    assert not (tmp_path / "run" / "settings.json").exists()


def test_the_command_line_runs_it(finished, data, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["jaxneuron", "study", "concepts", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    given = ["--out", finished[0], "--data", data[0], "--data", data[1], "--labels", "upos,Number"]
    code, out, err = run(*given, "--preset", "demo")
    assert code == 0, err
    assert "A linear probe of all 24 units tells upos right" in out and "report.html" in out
    code, _, err = run(*given, "--preset", "dem")
    assert code == 2 and "expected one of demo, small, full" in err and "Traceback" not in err


def test_two_texts_of_one_name_are_refused(data, tmp_path):
    with pytest.raises(ValueError, match="the same name"):
        running.run(tmp_path / "run", STUDY, Options(data=(data[0], data[0])), preset="demo")


def test_a_treebank_without_train_is_cut(data):
    cut = _splits.read(data[1])
    assert [len(cut[split].sentences) for split in _splits.SPLITS] == [54, 6, 20]
    one = _splits.read(data[0] / "train.conllu")
    assert [len(one[split].sentences) for split in _splits.SPLITS] == [72, 9, 9]


def test_the_embedded_scenes_are_labelled_by_program():
    scenes = _splits._scenes("dev")
    pairs = {
        word: label
        for words, labels in zip(scenes.sentences, scenes.labels["kind"], strict=True)
        for word, label in zip(words, labels, strict=True)
    }
    assert {"dog": "object", "brown": "colour", "two": "count", "the": "function"}.items() <= pairs.items()
    for words, after in zip(scenes.sentences[:50], scenes.labels["after_article"], strict=False):
        assert after == [
            "positive" if i and words[i - 1] in ("a", "an", "the") else "negative" for i in range(len(words))
        ]


def test_a_sample_is_sentences_of_about_so_many_words(data):
    corpus = _splits.read(data[0])["train"]
    drawn = _splits.sample(corpus, 100, 0)
    assert 100 <= sum(map(len, drawn.sentences)) <= 106
    assert all(sentence in corpus.sentences for sentence in drawn.sentences)
    assert _splits.sample(corpus, None, 0) is corpus


def test_classes_stand_at_the_last_sub_word_of_each_word(finished, data):
    directory = finished[0]
    subject = _subject.load(directory / "model")
    splits = _splits.read(data[0])
    text = material.prepare(
        subject, "english", splits, ["upos", "Number"], directory, MICRO, seed=0, report=lambda what: None
    )
    read = read_sentences(
        subject, text.parts["test"].sentences, text.parts["test"].labels["upos"], most=8, longest=12, seed=0
    )
    words = np.asarray(read.classes)
    assert words.shape == (8, 6) and np.all(words >= 0)
    assert [text.names["upos"][label] for label in words[0]] == ORDER


def test_units_that_recur_are_found():
    random = np.random.default_rng(0)
    one, other, third = (random.random((3, 50)) for _ in range(3))
    other[:2, [4, 7]] = one[:2, [4, 7]] = 9
    third[0, 4] = 9
    names = {"a": ["N", "V", "D"], "b": ["N", "V", "D"], "c": ["N", "X", "V"]}
    found = languages.recurrence({"a": one, "b": other, "c": third}, names, {"embed": 5, "final": 45}, top=2)
    assert found.chance == 2 / 50
    assert found.pairs[0].overlap >= 2 / 3 and found.pairs[0].p < 1e-3
    rows = {row.name: row for row in found.classes}
    assert set(rows) == {"N", "V"} and "embed 4" in rows["N"].units


def test_a_single_text_is_compared_with_no_other():
    written = _kept.plain(STUDY.results(languages=None))
    assert "languages" not in written
