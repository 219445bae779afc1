"""The study of attribution on small made-up texts: what it leaves, and that a stopped run goes on."""

import json
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from jaxneuron.cli import main
from jaxneuron.corpora.labelled import build
from jaxneuron.studies import _finished, running
from jaxneuron.studies._kept import plain
from jaxneuron.studies.attribution import distribution, extraction, label_names, material, presets, scene_tasks, words
from jaxneuron.studies.attribution.options import Options, names
from jaxneuron.studies.attribution.page import coloured, content
from jaxneuron.studies.attribution.presets import TRAINING, Preset
from jaxneuron.studies.attribution.study import STUDY
from jaxneuron.targets import Cell
from jaxneuron.types import Tokens

MICRO = Preset(
    training=TRAINING | {"epochs": 1, "width": 8, "blocks": 2, "heads": 2, "longest": 8, "batch": 32},
    head={"epochs": 2, "learning_rate": 3e-2},
    cnn={"epochs": 5, "embedding": 8, "filters": 12, "widths": (3,), "learning_rate": 3e-2, "min_count": 1},
    hidden=4,
    longest=8,
    explained=4,
    shown=2,
    steps=24,
    batch=4,
    examples=16,
    sequence=4,
    inputs=8,
    permutations=399,
    bins=10,
)
GOOD, BAD, REST = (
    "great fine warm bright fun".split(),
    "bad dull poor weak flat".split(),
    "the film was it so a".split(),
)
NAMES = ("Ada", "Bo", "Cy")


def review(random):
    """Return words and a label, which one word decides."""
    good = bool(random.integers(2))
    row = list(random.choice(REST, 6))
    row[int(random.integers(6))] = str(random.choice(GOOD if good else BAD))
    return [str(word) for word in row], int(good)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    reviews = folder / "reviews.jsonl"
    rows = [review(random) for _ in range(200)]
    reviews.write_text("".join(json.dumps({"text": " ".join(row), "label": label}) + "\n" for row, label in rows))
    people = folder / "people.conll"
    lines = []
    for _ in range(120):
        row, place = [(str(word), "O") for word in random.choice(REST, 6)], int(random.integers(5))
        row[place : place + 2] = [(str(random.choice(NAMES)), "B-person"), ("<i>Jr</i>", "I-person")]
        lines += [f"{word}\t{label}" for word, label in row] + [""]
    people.write_text("\n".join(lines) + "\n")
    concepts = []
    for name, some in (("good_words", GOOD), ("bad_words", BAD)):
        concepts.append(folder / f"{name}.txt")
        concepts[-1].write_text("; a list\n" + "\n".join(some) + "\n")
    return reviews, people, concepts


@pytest.fixture(scope="module", autouse=True)
def micro():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.PRESETS, "demo", MICRO)
        yield


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    directory = tmp_path_factory.mktemp("study") / "run"
    reviews, people, concepts = data
    asked = Options(data=(reviews, people), concept=tuple(concepts))
    return directory, running.run(directory, STUDY, asked, preset="demo", report=lambda what: None)


def test_a_run_leaves_everything_that_a_person_needs(finished):
    directory, run = finished
    left = {path.name for path in directory.iterdir()}
    assert {"report.html", "results.json", "timings.json", "found.jsonl", "settings.json", "model", "text_cnn"} <= left
    figures = ("tcav", "heat", "distribution", "entropy")
    assert {f"{figure}.{kind}" for figure in figures for kind in ("png", "svg")} <= left
    assert not list(directory.rglob("*.partial"))
    page = (directory / "report.html").read_text()
    for section in ("texts", "layers", "concepts", "spans", "distribution", "claims"):
        assert f'<section id="{section}">' in page
    charts = content(run)["charts"]
    assert len(charts) >= 11 and all(f'class="chart" id="{name}"' in page for name in charts)
    ids = re.findall(r'\bid="([^"]+)"', page.partition("<script")[0])
    assert len(set(ids)) == len(ids) and not {"found", "charts", "labels"} & set(ids)  # those are the page's data
    assert "<i>Jr</i>" not in page.partition("<script")[0] and "&lt;i&gt;Jr&lt;/i&gt;" in page
    again = _finished.read(directory, STUDY)
    assert json.dumps(plain(again)) == json.dumps(plain(run))
    for claim in json.loads((directory / "results.json").read_text())["claims"]:
        assert set(claim) == {"claim", "source", "holds", "figure", "note"} and claim["source"]
        assert isinstance(claim["holds"], bool)
    assert len(run.claims) >= 15
    rows = [json.loads(line) for line in (directory / "found.jsonl").open()]
    assert {row["task"] for row in rows} == {"label", "start", "end"}
    assert all(len(row["pieces"]) == len(row["tokens"]) for row in rows)


def test_attributions_are_complete_and_padding_has_none(finished):
    labels = finished[1].results.labels.models
    spans = finished[1].results.spans.explained.completeness
    for own in [one.explained.completeness for one in labels.values()] + list(spans.values()):
        assert own.apart < 1e-3 and own.integrated_gradients.worst < 0.05
    for name, one in labels.items():
        assert one.explained.padding == 0
        for row in one.explained.examples:
            assert len(row.tokens) == len(row.pieces) <= MICRO.longest
            assert sum(row.tokens) - row.change == pytest.approx(row.error, abs=1e-4), name
    parts = {row.site: row.sum for row in labels["text CNN"].explained.layers}
    assert parts["conv3"] == pytest.approx(parts["pool"], abs=1e-4)  # one width: all flows through it


def test_planted_concepts_speak_for_their_label(finished):
    told = finished[1].results.labels.models["text CNN"].concepts
    assert told.label == "label 1"  # nothing says what it means
    rows = {(row.site, row.concept): row for row in told.rows}
    assert rows["conv3", "good words"].score > 0.8 > 0.2 > rows["conv3", "bad words"].score
    assert list(dict.fromkeys(site for site, _ in rows)) == ["embed/word", "conv3", "pool"]
    assert rows["conv3", "good words"].holm < 0.05 and rows["conv3", "good words"].accuracy > 0.7
    assert all(row.holm >= row.p for row in told.rows)


def test_numbers_of_the_spans_make_sense(finished):
    spans = finished[1].results.spans
    assert spans.accuracy.exact <= spans.accuracy.f1 <= 1
    for role, rows in spans.explained.layers.items():
        assert [row.site for row in rows] == ["block0/residual", "block1/residual"], role
        for row in rows:
            assert row.low <= row.first <= row.median <= row.third <= row.high
            assert 1 <= row.participation <= 8 and 0 <= row.spread <= 3 + 1e-6
    example = spans.explained.examples[0]
    told = example.start_told
    assert 0 <= told.probability <= 1 and len(told.distribution.edges) == MICRO.bins + 1
    for values in told.heat.values():
        assert np.linalg.norm(values) == pytest.approx(1, abs=1e-4) and len(values) == len(example.pieces)


def test_a_stopped_run_goes_on_from_the_command_line(finished, data, tmp_path, monkeypatch, capsys):
    directory, before = finished
    reviews, people, concepts = data

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["jaxneuron", "study", "attribution", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err.replace("\n", " ")

    stages = {path: path.stat().st_mtime_ns for path in (directory / "stages").iterdir()}
    last = directory / "stages" / "spans.accuracy.json"
    last.unlink()
    given = ["--data", reviews, "--data", people, "--concept", concepts[0], "--concept", concepts[1]]
    code, out, _ = run("--out", directory, *given, "--preset", "demo")
    assert code == 0 and "tells the label of" in out and "report.html" in out
    again = json.loads((directory / "results.json").read_text())
    assert json.dumps(again["results"]) == json.dumps(plain(before.results))
    assert all(path.stat().st_mtime_ns == then for path, then in stages.items() if path != last)
    new, micro = tmp_path / "new", ["--preset", "demo"]
    for where, wrong, message in (
        (directory, [*given, *micro, "--seed", 1], "holds a run with other settings (seed)"),
        (new, ["--preset", "dem"], "expected one of demo, small, full"),
        (new, [*micro, "--data", reviews, "--data", reviews], "is given twice"),
        (new, [*micro, "--concept", tmp_path / "none.txt"], "no file"),
    ):
        code, _, err = run("--out", where, *wrong)
        assert code == 2 and message in err and "Traceback" not in err
    assert not (new / "settings.json").exists()


def test_the_first_span_of_a_sentence_is_what_is_asked_for():
    corpus = build([["a", "b", "c", "d", "e"], ["f"]], labels={"ner": [["O", "B-x", "I-x", "O", "B-x"], ["O"]]})
    assert material._spans(corpus, Path("x")) == (corpus.sentences[:1], [(1, 2)])
    scores = np.zeros((1, 5, 2))
    scores[0, 3, 0], scores[0, 1, 1], scores[0, 4, 1] = 2.0, 3.0, 2.0
    found = extraction.decode(scores, np.ones((1, 5), bool))
    assert found.tolist() == [[3, 4]]  # an end before the start is none
    assert extraction._f1(np.array([[3, 4]]), np.array([[4, 5]])).tolist() == [0.5]


def test_spans_of_other_schemes_and_labels_of_none(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("Ada B-PER\nLovelace E-PER\n\nmet O\nBo S-PER\nCy S-PER\n\n" * 5)
    splits = material.read([path]).spans
    found = {tuple(words): span for part in splits.values() for words, span in zip(*part, strict=True)}
    assert found == {("Ada", "Lovelace"): (0, 1), ("met", "Bo", "Cy"): (1, 1)}
    path.write_text("Ada PER-B\nmet O\n\n" * 10)
    with pytest.raises(ValueError, match="x.conll: expected a label .* of one of the schemes IOB, .*got O, PER-B"):
        material.read([path])
    path = tmp_path / "x.txt"
    path.write_text("a b\n" * 10)
    with pytest.raises(ValueError, match="x.txt: expected a label for each text, .*got words without labels"):
        material.read([path])


def test_a_split_without_labels_is_named(tmp_path):
    for split in ("train", "dev"):
        (tmp_path / f"{split}.tsv").write_text("sentence\tlabel\na b\t0\nc d\t1\n")
    (tmp_path / "test.tsv").write_text("index\tsentence\n0\ta b\n")
    with pytest.raises(ValueError, match="expected two labels in each split, got a split without"):
        material.read([tmp_path])


def test_pieces_are_shown_as_the_text_that_they_stand_for():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(
        ["now"] * 9, trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    )
    (shown,) = material.read_subwords(tokenizer, [["é", "café", "now"]], 20).pieces
    part = material.PART
    assert shown == [part, "##é", " ", "##c", "##a", "##f", f"##{part}", "##é", " ", "##now"]
    text = "".join(row.text if row.joined else f" {row.text}" for row in coloured(shown, [0.0] * len(shown)))
    assert text.replace(part, "").split() == ["é", "café", "now"]


def test_a_concept_is_a_list_of_words_in_a_text_file(tmp_path):
    path = tmp_path / "good_words.txt"
    path.write_bytes("\ufeff; a list\r\nfine\r\ngreat\r\nfun\r\nwarm\r\nbright\r\n".encode())
    assert words.read([path]) == {"good words": ["bright", "fine", "fun", "great", "warm"]}
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(ValueError, match="cannot read .*good_words.txt, line 1, byte .*expected UTF-8"):
        words.read([path])


def test_the_embedded_scenes_have_both_tasks():
    sentences, labels = scene_tasks.several("dev")
    assert np.mean([label == scene_tasks.LABELS[1] for label in labels]) == 0.5 and len(sentences) > 1000
    told = dict(zip(map(" ".join, sentences), labels, strict=True))
    assert all(label == "several of a kind" for text, label in told.items() if {"two", "men"} & set(text.split()))
    assert sorted(scene_tasks.LABELS) == list(scene_tasks.LABELS)  # the second one is explained
    things = scene_tasks.things("dev")
    spans = {tuple(row[first : last + 1]) for row, (first, last) in zip(*things, strict=True)}
    assert {("dog",), ("brown", "dog")} <= spans
    concepts = words.of_scenes()
    assert "puppies" in concepts["plural nouns"] and "puppy" in concepts["singular nouns"]
    assert not set(concepts["plural nouns"]) & set(concepts["singular nouns"])
    assert not set(words.POSITIVE) & set(words.NEGATIVE)


HUB = """---
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names:
          '0': neg
          '1': pos
---
"""


@pytest.mark.parametrize(
    ("file", "content", "names"),
    [
        ("label_names.json", '{"0": "bad", "1": "good"}', ("bad", "good")),
        ("labels.json", '["bad", "good"]', ("bad", "good")),
        (
            "dataset_info.json",
            '{"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}}}',
            ("bad", "good"),
        ),
        (
            "dataset_infos.json",
            '{"all": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["n", "p"]}}}}',
            ("n", "p"),
        ),
        ("README.md", HUB, ("neg", "pos")),
        (
            "SOURCE.txt",
            "Version 1.0.\nlabel 1 = positive. Split by int(sha1,16)%10: 0 test.",
            ("not positive", "positive"),
        ),
        ("README", "Texts with 0 faults.", ("label 0", "label 1")),
    ],
)
def test_names_of_labels_are_found_beside_the_text(tmp_path, file, content, names):
    (tmp_path / file).write_text(content)
    for source in (tmp_path, tmp_path / "reviews.jsonl"):
        assert tuple(label_names.named(["0", "1"], [source], {}).values()) == names
    assert label_names.named(["0", "1"], [tmp_path], {"0": "worse", "1": "better"}) == {"0": "worse", "1": "better"}
    assert label_names.named(["no", "yes"], [tmp_path], {}) == {"no": "no", "yes": "yes"}


@pytest.mark.parametrize(
    ("given", "message"),
    [({"2": "good"}, "label '2'.*the labels are 0, 1"), ({"0": "good", "1": "good"}, "two labels have one name")],
)
def test_a_wrong_name_of_a_label_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        label_names.named(["0", "1"], [], given)
    with pytest.raises(ValueError, match="as in 1=positive, got 'good'"):
        names(["good"])


def test_no_claim_has_a_promise_for_a_source(finished):
    assert not [claim for claim in finished[1].claims if "promised" in claim.source]


def test_a_distribution_has_known_entropies():
    even = distribution.measures(np.arange(8.0), np.linspace(0, 8, 9))
    assert even.entropy == 3 and even.own_bins == 3 and even.median == 3.5
    one = distribution.measures(np.array([0.0, 0.0, 4.0, 0.0]), np.linspace(0, 4, 5))
    assert one.spread == 0 and one.participation == 1
    shared = distribution.of_token({"a": np.array([0.0, 1.0]), "b": np.array([0.0, 100.0])}, 10).layers
    assert shared[0].entropy == 0 and shared[0].own_bins == shared[1].entropy == 1


def test_a_cell_reads_a_position_of_each_text():
    output = jnp.arange(12.0).reshape(2, 3, 2)
    tokens = Tokens(jnp.zeros((2, 3), jnp.int32), jnp.ones((2, 3), bool))
    assert Cell(1, jnp.array([0, 2]))(output, {}, tokens).tolist() == [1, 11]
