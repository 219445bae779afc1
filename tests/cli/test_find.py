"""N-grams are found in captions, alone or behind what precedes them, for units that have names."""

import gzip
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.cli import _question, _signature
from jaxneuron.corpora import texts
from jaxneuron.extract import framing
from jaxneuron.targets import Times, Unit
from jaxneuron.types import Tokens
from jaxneuron_models.transformer import build
from jaxneuron_models.transformer_config import TransformerConfig
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
    found = rows(ask("find", "best", *options, "--k", "1", "--passes", "60", "--random", "2", "--json"))[0]
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


def test_anything_that_a_model_has_is_searched_for(ask, here):
    options = ["--model", "imaginet", "--data", "captions", "--length", "2", "--k", "1", "--random", "0", "--json"]
    np.save(here / "along.npy", np.eye(10, dtype=np.float32)[:2])
    asked = ["textual/gru:0,1", "group:textual/gru:0,1", f"textual/gru:{here / 'along.npy'}", "dog", "logit:park"]
    found = rows(ask("find", "corpus", *options, *[part for one in asked for part in ("--target", one)]))
    assert [str(row["unit"]) for row in found] == [
        "0",
        "1",
        "mean of 0,1",
        "along.npy 0",
        "along.npy 1",
        "'dog'",
        "'park'",
    ]
    score = [row["score"] for row in found]
    assert score[3:5] == pytest.approx(score[:2]) and score[2] <= max(score[:2])
    assert "give one of them" in ask("find", "corpus", *options, "--target", "dog", "--units", "1", code=2)
    assert "nothing is searched for" in ask("find", "corpus", *options, code=2)
    assert "named twice" in ask("find", "corpus", *options, "--target", "dog", "--target", "dog", code=2)


@pytest.mark.parametrize("method", ["beam", "corpus", "embedding", "gumbel_softmax"])  # the others share their loops
def test_every_method_reads_n_grams_between_other_tokens(method):
    forward, init = build(TransformerConfig(9, width=8, blocks=1, heads=2, causal=False))
    params = init(jax.random.key(0))
    templated = framing.Templated(forward, (1,), (2, 3), 9)
    targets = templated.read(Times(Unit("block0/mlp/hidden", jnp.arange(3), -3), -jnp.ones(3)))
    every = np.stack(np.meshgrid(np.arange(4, 9), np.arange(4, 9)), axis=-1).reshape(-1, 2).astype(np.int32)
    grams, allowed = Tokens(every[::3], np.ones((9, 2), bool)), np.arange(9) > 3
    known = {"key": jax.random.key(0), "forward": templated, "params": params, "targets": targets}
    found = _question.call(
        _signature.read("jaxneuron.find", method, "find"),
        "find",
        {**known, "ngrams": grams, "candidates": allowed},
        {"steps": 4, "epoch": 2},
    )
    between = np.concatenate([np.full((25, 1), 1), every, np.full((25, 1), 2), np.full((25, 1), 3)], axis=1)
    score = -forward(params, Tokens(jnp.asarray(between), jnp.ones((25, 5), bool)), {})[1]["block0/mlp/hidden"][
        :, 2, :3
    ]
    where = [every.tolist().index(ids) for ids in np.asarray(found.tokens.ids)[:, 0].tolist()]
    np.testing.assert_allclose(found.score[:, 0], np.asarray(score)[where, np.arange(3)], atol=1e-5)
