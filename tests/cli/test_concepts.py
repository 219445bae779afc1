"""Concepts are named by a label of the data or a list of words, and each method of them is a command."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.cli import _conceptual, _pointwise, _signature
from jaxneuron.extract import reading
from jaxneuron.targets import scores
from jaxneuron.types import Tokens
from jaxneuron_models.open import open as open_model
from tests.cli.conftest import rows
from tests.models.test_pretrained import save, tensors

LABELLED = "w1\tA\nw2\tB\nw3\tA\n\nw2\tB\nw1\tA\n\n" * 6
BOTH = ["--concept", "A", "--concept", "B"]
TARGET = ["--target", "block0/residual:1", "--explained", "3"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model, texts and a list of words."""
    here = tmp_path_factory.mktemp("concepts")
    save(here / "hf", tensors())
    (here / "labelled.conll").write_text(LABELLED)
    (here / "text.txt").write_text("w1 w2 w3\nw2 w1\nw3 w3 w1\n" * 8)
    (here / "texts.tsv").write_text("text\tlabel\n" + "w1 w2\tgood\nw3 w2\tbad\n" * 5)
    (here / "words.txt").write_text("w1\n")
    return here


def test_each_method_can_be_given_what_it_takes():
    for name in _signature.names("jaxneuron.concepts"):
        assert set(_signature.read("jaxneuron.concepts", name, "explain").takes) <= _conceptual.MADE, name


@pytest.mark.parametrize(
    ("data", "concept"), [("labelled.conll", "A"), ("text.txt", "words.txt"), ("texts.tsv", "good")]
)
def test_a_concept_is_a_label_of_words_or_of_texts_or_a_list_of_words(ask, data, concept):
    options = ["--data", data, "--concept", concept, "--site", "embed", *TARGET, "--permutations", "19", "--json"]
    [found] = rows(ask("concepts", "tcav", "--model", "hf", *options))
    sizes = {"A": 18, "words.txt": 24, "good": 5}
    assert found["concept"] == concept.partition(".")[0] and found["examples"] == sizes[concept]


def test_what_concepts_keep_of_a_probe_is_told(ask):
    options = ["--model", "hf", "--data", "labelled.conll", *BOTH]
    said = ask("concepts", "concept_shap", *options, "--site", "embed", "--labels", "label")
    assert "Of what a probe of label reads at embed, A and B keep" in said
    assert "no more than chance" in ask("concepts", "concept_shap", *options, "--site", "final", code=2)


def test_the_own_head_is_asked_where_it_looks_at_one_place_alone(here):
    model, text = open_model(str(here / "hf")), ["w1", "w2", "w3"]
    tokens = Tokens(*map(jnp.asarray, reading.read(model, [text]).tokens))
    output, activations = model.forward(model.params, tokens, {})
    head = _pointwise.head(model, "final", text)
    np.testing.assert_allclose(head(activations["final"][0]), scores(output)[0], rtol=1e-4)
    assert _pointwise.head(model, "embed", text) is None
    assert _pointwise.head(model._replace(forward=lambda *given: (None, activations)), "final", text) is None


def test_concepts_that_nobody_named_are_found(ask):
    options = [
        "--data",
        "text.txt",
        "--site",
        "embed",
        *TARGET,
        "--clusters",
        "3",
        "--least",
        "4",
        "--least-texts",
        "0",
    ]
    found = rows(ask("concepts", "discovery", "--model", "hf", *options, "--json"))
    assert [row["concept"] for row in found] == list(range(len(found))) and all(row["such as"] for row in found)


def test_what_the_units_of_concepts_did_adds_up(ask):
    options = ["--model", "hf", "--data", "labelled.conll", "--site", "embed", "--text", "w1 w2", *TARGET, *BOTH]
    found = rows(ask("concepts", "table", *options, "--top", "2", "--method", "input_x_gradient", "--json"))
    assert [row["concept"] for row in found] == ["A", "B", "(no concept)"]
    assert sum(row["did"] for row in found) == pytest.approx(sum(row["by chance"] for row in found), rel=1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("tcav --data text.txt", "name some as --concept NOUN or --concept words.txt"),
        ("tcav --data text.txt --concept nosuch.txt", "--concept nosuch.txt: no file"),
        ("tcav --data text.txt --concept NOUN", "text.txt has no labels; give a file of words"),
        ("tcav --data text.txt --labels upos --concept NOUN", "--labels upos: text.txt has no labels"),
        ("tcav --data labelled.conll --concept C", "no file, and no label of label; it has A, B"),
        ("tcav --data labelled.conll --concept A --concept A", "named twice"),
        ("tcav --data labelled.conll --concept A --concept B", "0 words of labelled.conll show none"),
        ("tcav --data texts.tsv --concept good --concept words.txt", "has a label for each text"),
        ("tcav --data labelled.conll --concept A --rank linear", "--rank linear is for concepts table"),
        ("table --data labelled.conll --concept A --rank linea", "did you mean 'linear'"),
        ("table --data labelled.conll --concept A --method conductance", "follows a path"),
        ("discovery --data text.txt --concept words.txt", "nobody has named; leave --concept out"),
        ("discovery --data text.txt --site embed,final", "discovery is of one site"),
        ("concept_shap --data text.txt --concept words.txt", "has no labels that a probe could tell"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(ask, words, message):
    site = [] if "--site" in words else ["--site", "embed"]
    assert message in ask("concepts", *words.split(), "--model", "hf", *site, code=2)
