"""N-grams are found in captions, alone or behind what precedes them, for units that have names."""

import gzip
import json

import pytest

from jaxneuron.corpora import texts
from tests.cli.conftest import rows
from tests.studies import tiny_imaginet

CAPTIONS = ["A man and two dogs are near the ocean.", "a dog in the park"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model that reads captions, and a folder of captions."""
    here = tmp_path_factory.mktemp("find")
    tiny_imaginet.store(here / "imaginet")
    (here / "captions").mkdir()
    names = [{"id": number, "name": f"thing {number}"} for number in range(67)]
    (here / "captions" / "categories.json").write_text(json.dumps(names))
    with gzip.open(here / "captions" / "train.jsonl.gz", "wt") as file:
        file.write(json.dumps({"captions": CAPTIONS, "objects": [1]}) + "\n")
    return here


def test_n_grams_of_captions_are_found_for_named_units(ask):
    options = ["--model", "imaginet", "--data", "captions", "--units", "0,3", "--length", "2", "--k", "1", "--json"]
    found = rows(ask("find", "corpus", *options, "--site", "visual/projection"))
    assert [row["name"] for row in found] == ["thing 0", "thing 3"]
    inside = rows(ask("find", "corpus", *options, "--site", "textual/projection", "--in-sentence"))
    assert all(row["in"].endswith(row["n-gram"]) and len(row["n-gram"].split()) == 2 for row in inside)
    assert {row["in"].split()[0] for row in inside} == {"a"} and max(len(row["in"].split()) for row in inside) > 2


def test_what_makes_n_grams_of_its_own_reads_none_in_a_sentence(ask):
    options = ["--model", "imaginet", "--data", "captions", "--units", "0", "--site", "visual/gru", "--in-sentence"]
    assert "--in-sentence is for corpus" in ask("find", "softmax", *options, code=2)


def test_captions_are_a_text_as_any_other(here):
    found = texts.read(here / "captions", "train")
    assert found.sentences == ["a man and two dogs are near the ocean".split(), CAPTIONS[1].split()]
    with pytest.raises(ValueError, match="no choice of columns"):
        texts.read(here / "captions", "train", text="caption")


def test_every_answer_says_where_it_stands(ask):
    options = ["--model", "imaginet", "--data", "captions", "--units", "1", "--site", "textual/gru", "--length", "2"]
    found = rows(ask("find", "best", *options, "--k", "1", "--steps", "2", "--random", "2", "--json"))[0]
    assert found["score"] >= found["text"] and 0 <= found["percentile"] <= 100
    assert found["deviations"] > 0 and found["random"] > 0 and found["optimal"] in (1, 2)
    lowest = rows(ask("find", "corpus", *options, "--k", "1", "--minimise", "--random", "0", "--json"))[0]
    assert lowest["score"] == pytest.approx(lowest["text"]) and lowest["score"] < found["text"]


def test_n_grams_stand_in_a_template(ask):
    options = ["--model", "imaginet", "--data", "captions", "--units", "1", "--site", "textual/gru", "--length", "2"]
    options += ["--k", "1", "--random", "0"]
    assert "a dog … in" in ask("find", "corpus", *options, "--template", "a dog {} in", "--position", "end")
    assert "a dog …" in ask("find", "embedding", *options, "--prompt", "a dog", "--position", "any", "--steps", "20")
    assert "expected one {}" in ask("find", "corpus", *options, "--template", "a dog", code=2)
    assert "the words 0 to 1" in ask("find", "corpus", *options, "--position", "2", code=2)
    assert "in their own texts" in ask("find", "corpus", *options, "--prompt", "a", "--in-sentence", code=2)
