"""Units are turned and forced by a command: on a model whose units are known, and on what it cannot be asked of."""

import pytest

from jaxneuron.corpora import agreement
from tests.cli.conftest import rows
from tests.studies.switch import planted

MODEL = ["--model", "tests.studies.switch.planted:load", "--site", "memory/hidden"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with sentences, and a pair of BLiMP's kind about something else."""
    folder = tmp_path_factory.mktemp("switching")
    text = agreement.sentences(0, agreement.TOPICS, 120)
    (folder / "text.txt").write_text("\n".join(" ".join(words) for words in text) + "\n")
    (folder / "other.jsonl").write_text('{"UID": "island", "sentence_good": "a b", "sentence_bad": "b a"}\n')
    return folder


def test_units_are_turned(ask):
    units = ["--units", "0", "--units", "3,4", "--most", "40"]
    found = rows(ask("intervene", "switch", *MODEL, *units, "--data", "text.txt", "--json"))
    assert [(row["units"], row["count"], row["flipped"]) for row in found] == [("0", 1, 1.0), ("3,4", 2, 0.0)]
    assert found[0]["others flipped"] == 0 and found[0]["perplexity rises by"] > 0
    tense = ask("intervene", "switch", *MODEL, "--units", "1", "--of", "tense", "--how", "mirror", "--most", "40")
    assert "with 1 turned the other one in 100% of these, with as many others in 0%" in tense


def test_a_concept_is_induced(ask):
    words = ",".join(sorted(agreement.TOPICS.words("music")))
    options = ["--words", words, "--data", "text.txt", "--prompt", "the", "--texts", "4", "--length", "8"]
    said = ask("intervene", "induce", *MODEL, *options, "--counts", "1,2", "--draws", "1")
    assert f"the first experts are memory/hidden:{planted.FIRST + planted.TOPICS.index('music')}" in said
    found = rows(ask("intervene", "induce", *MODEL, *options, "--counts", "1,2", "--draws", "1", "--json"))
    assert [(row["count"], row["forced"]) for row in found] == [
        (0, "none"),
        *((count, forced) for count in (1, 2) for forced in ("experts", "at random")),
    ]
    share = {(row["count"], row["forced"]): row["words of the concept"] for row in found}
    assert share[1, "experts"] > max(share[0, "none"], share[1, "at random"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["switch", *MODEL, "--units", "99"], "unit 99 is out of range: 'memory/hidden' has the units 0 to 15"),
        (["switch", MODEL[0], MODEL[1], "--site", "memory/hiden", "--units", "1"], "did you mean 'memory/hidden'"),
        (["switch", "--model", "tests.studies.switch.planted:headless", *MODEL[2:], "--units", "1"], "prefers no form"),
        (
            ["switch", "--model", "tests.studies.switch.planted:foreign", *MODEL[2:], "--units", "1"],
            "give --pairs, a .j",
        ),
        (["switch", *MODEL, "--units", "1", "--of", "gender"], "expected one of number, tense"),
        (["switch", *MODEL, "--units", "1", "--of", "tense", "--pairs", "other.jsonl"], "are about number"),
        (["switch", *MODEL, "--units", "1", "--pairs", "other.jsonl"], "no pair about a verb's number"),
        (["switch", *MODEL, "--units", "1", "--how", "twist"], "expected one of set, mirror"),
        (["induce", *MODEL, "--words", "zebra", "--data", "text.txt", "--length", "4"], "no text of text.txt has one"),
        (["induce", *MODEL, "--words", "dog,", "--data", "text.txt"], "an empty one"),
        (
            ["induce", *MODEL, "--words", "dog", "--data", "text.txt", "--length", "4", "--counts", "99"],
            "counts from 1 to the 16 units",
        ),
        (
            ["induce", "--model", "tests.studies.switch.planted:headless", *MODEL[2:], "--words", "dog"]
            + ["--data", "text.txt", "--length", "4"],
            "the model cannot write",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(ask, words, message):
    assert message in ask("intervene", *words, code=2)
