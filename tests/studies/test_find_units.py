"""The rows that `jaxneuron find` writes, against the model itself."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.studies import cluster_units, find_units
from jaxneuron.studies.poerner2018 import material
from jaxneuron.types import Tokens
from tests.studies import tiny_imaginet

QUICK = {"steps": 20, "epoch": 10, "learning_rate": 0.1, "keep": "step"}


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    monkeypatch.setattr(material, "read", lambda path: tiny_imaginet.data())


@pytest.fixture
def model():
    return tiny_imaginet.model()


def find(model, site="visual/projection", units=(3, 0), **options):
    return find_units.find_units(model, None, site, list(units), **({"method": "corpus"} | options))


def activation(model, site, unit, words):
    """Return a unit's activation at the last of these words."""
    ids = jnp.array([[model.vocabulary.words.index(word) for word in words]])
    activations = jax.jit(model.forward)(model.params, Tokens(ids, jnp.ones(ids.shape, bool)), {})[1]
    return float(activations[site][0, -1, unit])


@pytest.mark.parametrize("site", ["visual/projection", "textual/projection", "visual/gru"])
def test_rows_say_what_the_model_says(model, site):
    rows = find(model, site, k=2, length=4)
    assert [(row["unit"], row["rank"]) for row in rows] == [(3, 0), (3, 1), (0, 0), (0, 1)]
    for row in rows:
        assert list(row) == ["site", "unit", "name", "method", "ngram", "words", "score", "step", "rank"]
        assert row["ngram"].split() == row["words"] and len(row["words"]) <= 4
        np.testing.assert_allclose(row["score"], activation(model, site, row["unit"], row["words"]), atol=1e-5)
    assert rows[0]["score"] >= rows[1]["score"]


def test_units_have_names(model):
    assert find(model, k=1)[0]["name"] == tiny_imaginet.data().train.names[3]
    assert find(model, "textual/projection", k=1)[0]["name"] == model.vocabulary.words[3]
    assert find(model, "visual/gru", k=1)[0]["name"] == "visual/gru 3"


@pytest.mark.parametrize("method", ["embedding", "logit", "softmax", "gumbel_softmax"])
def test_from_the_corpus_optima_every_method_is_at_least_as_good(model, method):
    options = QUICK | {"start": 1, "restarts": 2} | ({"samples": 2} if method == "gumbel_softmax" else {})
    best = {row["unit"]: row["score"] for row in find(model, k=1, length=3)}
    rows = find(model, method=method, k=1, length=3, options=options)
    assert all(row["score"] >= best[row["unit"]] - 1e-5 for row in rows) and {row["method"] for row in rows} == {method}


def test_the_preset_is_the_default(model, monkeypatch):
    monkeypatch.setitem(find_units.FAST, "softmax", QUICK)
    preset, given = (find(model, method="softmax", options=options, k=1) for options in (None, QUICK))
    assert preset == given


def test_in_its_sentence_an_n_gram_is_read_after_what_precedes_it(model):
    rows = find(model, "visual/gru", length=2, k=1, in_sentence=True)
    everything = [sentence for split in tiny_imaginet.data() for sentence in split.sentences]
    for row in rows:
        prefixes = [
            sentence[:end]
            for sentence in everything
            for end in range(2, len(sentence) + 1)
            if sentence[end - 2 : end] == row["words"]
        ]
        scores = [activation(model, "visual/gru", row["unit"], prefix) for prefix in prefixes[:1]]
        np.testing.assert_allclose(row["score"], scores[0], atol=1e-5)
        assert len(row["words"]) == 2


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"method": "gumble_softmax"}, ValueError, "did you mean 'gumbel_softmax'"),
        ({"site": "visual/projektion"}, KeyError, "did you mean 'visual/projection'"),
        ({"units": [0, 67]}, ValueError, "unit 67 is out of range: 'visual/projection' has the units 0 to 66"),
        ({"units": [-1]}, ValueError, "unit -1 is out of range"),
        ({"units": [3, 3]}, ValueError, "at least one unit, each once"),
        ({"k": 10**6}, ValueError, "k is 1000000, but the captions have .* n-grams of 5 words"),
        ({"method": "logit", "options": {"start": 10**6}}, ValueError, "start is 1000000, but the captions"),
        ({"length": 9}, ValueError, "n-grams of 9 words .*the longest caption has 8; give 8 at most"),
        ({"method": "logit", "options": {"steps": "9"}}, ValueError, "logit's option 'steps' must be a whole number"),
        ({"units": []}, ValueError, "at least one unit"),
        ({"method": "logit", "options": {"step": 9}}, ValueError, "no option 'step': did you mean 'steps'"),
        ({"method": "logit", "options": {"k": 9}}, ValueError, "no option 'k'"),
        ({"method": "logit", "in_sentence": True}, ValueError, "only corpus search"),
    ],
)
def test_what_cannot_be_searched_is_said(model, changed, error, message):
    assert tiny_imaginet.data().train.features.shape[1] == 67
    with pytest.raises(error, match=message):
        find(model, **changed)


def test_captions_of_other_words_are_refused(model, monkeypatch):
    data = tiny_imaginet.data()
    foreign = data.train._replace(sentences=[[word[::-1] * 2 for word in line] for line in data.train.sentences])
    monkeypatch.setattr(material, "read", lambda path: data._replace(train=foreign))
    with pytest.raises(ValueError, match="are not in the model's vocabulary"):
        find(model)


def test_clusters_are_disjoint_and_complete(model):
    content = cluster_units.cluster_units(model, None, "visual/gru", groups=4, sample=200, length=3)
    assert sorted(unit for group in content["groups"] for unit in group) == list(range(10))
    assert len(content["groups"]) == 4 and json.dumps(content)
    content = cluster_units.cluster_units(model, None, "visual/gru", sample=200, length=3)
    assert len(content["groups"]) == 2  # 10 units: at least two groups
    with pytest.raises(ValueError, match="expected 1 to 10 groups .*got 11 groups of the 10 units"):
        cluster_units.cluster_units(model, None, "visual/gru", groups=11)
    with pytest.raises(KeyError, match="did you mean 'visual/gru'"):
        cluster_units.cluster_units(model, None, "visual/gruu")
