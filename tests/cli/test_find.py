"""N-grams are found in captions, alone or behind what precedes them, for units that have names."""

import gzip
import json

import numpy as np
import pytest

from jaxneuron.cli import _templated
from jaxneuron.corpora import texts
from jaxneuron.types import Tokens
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


def test_the_same_tokens_stand_around_texts_of_many_lengths():
    given = Tokens(np.array([[5, 6, 0], [7, 8, 9]]), np.array([[True, True, False], [True] * 3]))
    found = _templated.within(given, (1,), (2, 3))
    assert found.ids.tolist() == [[1, 5, 6, 2, 3, 0], [1, 7, 8, 9, 2, 3]]
    assert found.mask.sum(-1).tolist() == [5, 6]
