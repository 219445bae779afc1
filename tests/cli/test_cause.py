"""Concepts are taken out, and pairs of texts lend each other what they have: a tiny model answers, or says why not."""

import html
import json

import pytest

from jaxneuron.cli import main
from tests.cli.conftest import rows

LABELLED = "w1\tA\nw2\tB\nw3\tA\n\nw2\tB\nw1\tA\n\nw3\tA\nw2\tB\nw1\tA\n\n" * 8
PAIRS = [
    {"base": base, "source": source, "expected": "w1 w2", "instead": "w2 w1"}
    for base in ("w1", "w2 w3", "w3 w1 w2")
    for source in ("w3", "w1 w1")
]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model of next words, and texts."""
    here = tmp_path_factory.mktemp("cause")
    (here / "labelled.conll").write_text(LABELLED)
    (here / "one.conll").write_text("w1\tA\nw2\tA\n\nw2\tA\nw1\tA\n\n" * 4)
    (here / "few.conll").write_text("w1\tA\nw2\tB\n\nw2\tA\nw1\tA\n\n")
    (here / "text.txt").write_text("w1 w2 w3\nw2 w1\nw3 w3 w1\n" * 8)
    (here / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PAIRS))
    (here / "other.jsonl").write_text('{"base": "w1"}\n')
    (here / "same.jsonl").write_text(json.dumps(PAIRS[0] | {"instead": "w1 w1"}) + "\n")
    (here / "empty.jsonl").write_text("\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        words = "train lstm --symbol word --data text.txt --epochs 1 --width 4 --embedding 3 --out lstm"
        with pytest.raises(SystemExit) as ended:
            main(words.split())
        assert not ended.value.code
    return here


SITE = ("--model", "lstm", "--site", "lstm0/hidden")


def test_a_label_is_taken_out(ask, tmp_path):
    data = (*SITE, "--data", "labelled.conll")
    found = rows(ask("erase", "leace", *data, "--class", "A", "--json"))
    assert [row["activations"] for row in found] == ["as it is", "leace", "control", "no activations"]
    assert [row["directions"] for row in found] == [0, 1, 1, 4]
    assert found[1]["loss fitted"] == pytest.approx(found[3]["loss fitted"], abs=1e-6)
    assert found[0]["fitted"] > found[1]["fitted"] == found[3]["fitted"]
    said = ask("erase", "inlp", *data, "--rounds", "2", "--out", tmp_path / "page")
    assert "A linear probe is right for" in said and "inlp" in (tmp_path / "page" / "answer.html").read_text()
    assert rows(ask("erase", "random", *data, "--rank", "3", "--json"))[1]["directions"] == 3


def test_an_erasure_is_kept_and_a_model_runs_without_it(ask, tmp_path):
    data, place = (*SITE, "--data", "labelled.conll", "--class", "A"), tmp_path / "erased"
    assert f"--erased {place}" in ask("erase", "leace", *data, "--out", place)
    known = json.loads((place / "erasure.json").read_text())
    assert known["site"] == "lstm0/hidden" and known["metadata"]["class"] == "A"
    again = rows(ask("erase", "leace", *data, "--erased", place, "--json"))
    assert again[0]["fitted"] == pytest.approx(again[3]["fitted"], abs=0.05)  # of the same words, it is gone
    write = ("generate", "--model", "lstm", "--prompt", "w1", "--temperature", "0", "--length", "4", "--count", "1")
    texts = [rows(ask(*write, *erased, "--json"))[0]["log p a symbol"] for erased in ((), ("--erased", place))]
    assert texts[0] != texts[1]
    ablate = ("intervene", "ablate", *SITE, "--units", "0", "--text", "w1 w2 w3", "--json")
    assert rows(ask(*ablate)) != rows(ask(*ablate, "--erased", place))
    assert "has 3" in ask(*write, "--erased", f"embed/word={place}", code=2)
    assert "no site 'nowhere'" in ask(*write, "--erased", f"nowhere={place}", code=2)
    assert "no cfg.json in lstm, nor an erasure.json" in ask(*write, "--erased", "lstm", code=2)


def test_a_concept_is_missed_or_not(ask):
    data = ("--data", "labelled.conll", "--concept", "A", "--concept", "B", "--explained", "6")
    options = ("--controls", "3", "--resamples", "20", "--json")
    found = rows(ask("concepts", "amnesic", *SITE, *data, *options))
    assert [row["concept"] for row in found] == ["A", "B"] and found[0]["directions"] == 1
    assert {"loss", "at random", "label back", "p", "KL", "accuracy"} <= set(found[0])


def test_units_and_directions_are_interchanged(ask, tmp_path):
    found = rows(ask("intervene", "interchange", *SITE, "--data", "pairs.jsonl", "--all", "--json"))
    assert found[0]["units"] == "all 4" and found[-1]["units"] == "none" and len(found) == 6
    some = rows(ask("intervene", "interchange", *SITE, "--data", "pairs.jsonl", "--all", "--units", "0,2", "--json"))
    assert [row["units"] for row in some] == ["all 4", "0,2", "2 others at random", "none"]
    options = ("--all", "--shared-words", "--steps", "3", "--random", "2", "--held-out", "0.5", "--dimensions", "2")
    said = ask("intervene", "das", *SITE, "--data", "pairs.jsonl", *options, "--out", tmp_path / "page")
    assert "learnt on 3 pairs" in said and "shuffled weights" in said
    lines = (tmp_path / "page" / "answer.jsonl").read_text().splitlines()
    assert [json.loads(line)["directions"] for line in lines] == [
        "learnt", "all units", "random, best", "random, mean", "untrained model", "none, untrained model", "none"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("erase leace --data labelled.conll --class C", "no such label of"),
        ("erase leace --data text.txt", "has no labels"),
        ("erase leace --data one.conll", "all have the same"),
        ("erase random --data labelled.conll --rank 5", "4 directions at right angles at most"),
        ("erase inlp --data labelled.conll --rounds 0", "at least one round"),
        ("concepts amnesic --data labelled.conll", "name some as --concept"),
        ("concepts amnesic --data labelled.conll --concept A --eraser laece", "expected one of inlp, leace, random"),
        ("concepts tcav --data labelled.conll --concept A --eraser inlp", "is for concepts amnesic"),
        ("concepts amnesic --data labelled.conll --concept A --explained 24", "that are not explained"),
        ("intervene interchange --data none.jsonl", "no file or folder"),
        ("intervene interchange --data other.jsonl", "line 1: expected an object with the field 'source'"),
        ("intervene interchange --data empty.jsonl", "empty.jsonl has no pairs"),
        ("intervene interchange --data same.jsonl", "the answers of none differ"),
        ("intervene interchange --data pairs.jsonl --all --units 4", "unit 4 is out of range"),
        ("intervene das --data pairs.jsonl --all --dimensions 5", "has 4 units; give fewer"),
        ("intervene das --data pairs.jsonl --all --held-out 0", "leave some on each side"),
        ("intervene das --data pairs.jsonl --all", "so mixed that none can be held out"),
        ("intervene das --data pairs.jsonl --all --at ,", "--at"),
        ("intervene interchange --data pairs.jsonl --all --at 3", "in none of 6 pairs, both texts have word 3"),
        ("intervene interchange --data pairs.jsonl --all --at w9,w8", "both texts have 'w9' or 'w8', such as 'w1'"),
    ],
)
def test_what_cannot_be_asked_is_said(ask, words, said):
    assert said in ask(*words.split(), *SITE, code=2)


@pytest.mark.parametrize(
    ("at", "kept", "place"),
    [("0", 6, "word 0"), ("-1", 6, "the last word"), ("1", 2, "word 1"), ("W1", 2, "'W1'"), ("w2,w1,w3", 6, "'w2' or")],
)
def test_an_activation_goes_to_the_word_that_is_named(ask, tmp_path, at, kept, place):
    words = ("intervene", "interchange", *SITE, "--data", "pairs.jsonl", "--all", "--at", at)
    said = ask(*words, "--out", tmp_path / "page")
    assert f"of {kept} pairs" in said
    page = html.unescape((tmp_path / "page" / "answer.html").read_text())
    assert f"once {place}" in page


def test_an_unknown_site_is_named(ask):
    for words in ("erase leace --data labelled.conll", "intervene das --data pairs.jsonl --all"):
        assert "did you mean 'lstm0/hidden'" in ask(*words.split(), "--model", "lstm", "--site", "lstm0/hiden", code=2)
