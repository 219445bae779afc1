"""N-grams are found in captions, alone or behind what precedes them, for units that have names."""

import gzip
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.cli import _templated
from jaxneuron.corpora import texts
from jaxneuron.edits import Replace
from jaxneuron.find import beam, embedding
from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import Unit
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


def test_what_stands_around_n_grams_is_not_theirs():
    def forward(params, tokens, edits):
        tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
        word = tap("embed/word", lookup(params, tokens.ids), time)
        tap("sum", jnp.cumsum(word, axis=-2), time)
        return None, tap.activations()

    table = jnp.arange(5.0)[:, None]
    templated = _templated.Templated(forward, (1,), (2, 3), 5)
    text = Tokens(jnp.array([[4, 4]]), jnp.ones((1, 2), bool))
    found = templated(table, text, {})[1]
    assert found["embed/word"][0, :, 0].tolist() == [4, 4]
    assert found["sum"][0, :, 0].tolist() == [1, 5, 9, 11, 14]
    changed = templated(table, text, {"embed/word": Replace(jnp.array([[[10.0], [20.0]]]))})[1]
    assert changed["sum"][0, :, 0].tolist() == [1, 11, 31, 33, 36]
    np.testing.assert_array_equal(embedding.word_vectors(templated, table, 5), table)
    for position, expected in ((-3, 9), (-1, 14), (0, 1)):  # of the whole text: the n-gram's last word, the end, ...
        target = templated.read(Unit("sum", 0, position))
        assert target(None, found, text).tolist() == [expected]
    assert templated.last("sum") == -3 and templated.last("embed/word") == -1
    assert templated.read(Unit("embed/word", 0, -1))(None, found, text).tolist() == [4]
    units = templated.read(Unit("sum", jnp.array([0]), -3))
    grams = Tokens(np.zeros((1, 2), np.int32), np.ones((1, 2), bool))
    best = beam.find(jax.random.key(0), templated, table, units, grams, np.ones(5, bool))
    assert best.tokens.ids[0, 0].tolist() == [4, 4] and float(best.score[0, 0]) == 9
