"""Features of a dictionary on the command line: learnt, written, and asked as units are."""

import json
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.cli import _learnt, main
from jaxneuron.dictionary import Dictionary, folder
from tests.models.test_pretrained import save, tensors

TEXT = "w1 w2 w3\nw2 w1\nw3 w3 w1\n" * 20
LABELLED = "w1\tA\nw2\tB\nw3\tA\n\nw2\tB\nw1\tA\n\n" * 6
SITE = "block0/residual"
LEARN = ["--factors", "6", "--active", "2", "--steps", "30", "--batch", "16"]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with a model, texts, and a dictionary of random numbers."""
    here = tmp_path_factory.mktemp("features")
    (here / "text.txt").write_text(TEXT)
    (here / "labelled.conll").write_text(LABELLED)
    save(here / "hf", tensors())
    draw = np.random.default_rng(0).normal
    units = 8
    parts = [jnp.asarray(draw(size=shape), jnp.float32) for shape in ((units, 9), (9,), (9, units), (units,))]
    folder.write(here / "sae", Dictionary(*parts, k=3, site=SITE))
    folder.write(here / "nowhere", Dictionary(*parts, k=3))
    return here


@pytest.fixture
def ask(here, monkeypatch, capsys):
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def ask(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said.err
        return said.err if code else said.out

    return ask


def rows(said):
    return [json.loads(line) for line in said.splitlines()]


SAE = ["--dictionary", "sae"]
FEATURES = f"{SITE}/features"


def test_features_are_a_site(ask):
    listed = {row["site"]: row["units"] for row in rows(ask("sites", "hf", *SAE, "--json"))}
    assert listed[FEATURES] == 9
    placed = rows(ask("sites", "hf", "--dictionary", f"{SITE}=nowhere", "--json"))
    assert FEATURES in {row["site"] for row in placed}


@pytest.mark.parametrize(
    "question",
    [
        "neuron --site {site} --units 1,4 --text 'w1 w2 w3' --text 'w3 w1'",
        "rank probeless --data labelled.conll --site {site}",
        "attribute input_x_gradient --target {site}:3 --text 'w1 w2 w3'",
        "attribute integrated_gradients --site {site} --target block1/residual:0 --text 'w1 w2 w3'",
        "intervene ablate --site {site} --units 0-8 --text 'w1 w2 w3'",
        "find gumbel_softmax --site {site} --units 2 --length 2 --steps 4 --data text.txt",
        "decompose correlation_clusters --site {site} --data text.txt --factors 2",
        "interact integrated_hessians --site {site} --target block1/residual:0 --text 'w1 w2'",
        "compare max_correlation --other hf --other-site block0/residual --data text.txt",
        "concepts tcav --site {site} --data labelled.conll --concept A --target block1/residual:0",
        "evaluate probes --site {site} --data labelled.conll",
    ],
)
def test_features_are_asked_like_units(ask, question):
    import shlex

    command, *rest = shlex.split(question.format(site=FEATURES))
    method = [rest.pop(0)] if not rest[0].startswith("--") else []
    assert rows(ask(command, *method, "--model", "hf", *SAE, *rest, "--json"))


def test_features_are_recognised_in_a_copy(ask):
    given = ["--model", "hf", *SAE, "--other", "hf", "--other-dictionary", "sae", "--data", "text.txt", "--json"]
    found = [row for row in rows(ask("compare", "max_correlation", *given)) if row["score"]]
    assert found and all((row["other site"], row["other unit"]) == (row["site"], row["unit"]) for row in found)
    assert {row["site"] for row in found} == {FEATURES}


def test_features_that_say_most_come_first_and_rare_ones_last():
    class Top:
        item = np.array([[0, 1], [2, 3], [4, 5], [6, -1], [7, 8]])
        score = np.array([[4.0, 3.0], [2.0, 1.0], [0.0, 0.0], [9.0, 0.0], [2.0, 2.0]])

    density = np.array([0.9, 0.1, 0.0, 0.01, 0.4])
    assert _learnt._telling(density, Top(), 2) == [1, 4, 0, 3, 2]


def test_an_autoencoder_is_learnt_and_its_folder_asked(ask, tmp_path):
    given = ["--model", "hf", "--site", SITE, "--data", "text.txt", *LEARN, "--out", tmp_path / "learnt"]
    said = ask("decompose", "sparse_autoencoder", *given)
    assert "of the variance" in said and "SAELens" in said
    stored = folder.read(tmp_path / "learnt")
    assert (stored.dictionary.k, stored.dictionary.features, stored.dictionary.site) == (2, 6, SITE)
    assert stored.metadata["hook_name"] == "blocks.0.hook_resid_post"
    assert stored.density is not None and stored.density.sum() <= 2 + 1e-5
    page = (tmp_path / "learnt" / "answer.html").read_text()
    assert "Features active at a word" in page and "Variance explained" in page
    assert sorted(path.name for path in (tmp_path / "learnt").iterdir()) == [
        "answer.html",
        "answer.jsonl",
        "cfg.json",
        "sae_weights.safetensors",
        "sparsity.safetensors",
    ]
    asked = ask(
        "neuron",
        "--model",
        "hf",
        "--dictionary",
        tmp_path / "learnt",
        "--site",
        FEATURES,
        "--units",
        1,
        "--text",
        "w1 w2",
    )
    assert "block0/residual/features" in asked


def test_a_transcoder_is_learnt(ask, tmp_path):
    given = ["--model", "hf", "--site", "embed", "--output", "block0/mlp", "--data", "text.txt", *LEARN]
    ask("decompose", "transcoder", *given, "--out", tmp_path / "learnt")
    stored = folder.read(tmp_path / "learnt").dictionary
    assert (stored.site, stored.output, stored.centred) == ("embed", "block0/mlp", False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sites", "hf", "--dictionary", "hf2"], "no cfg.json in hf2"),
        (["sites", "hf", "--dictionary", "nowhere"], "SITE=FOLDER"),
        (
            ["compare", "cka", "--model", "hf", "--other", "hf", "--text", "w1", "--other-dictionary", "hf2"],
            "--other-dictionary or --other-erased hf2",
        ),
        (["sites", "hf", "--dictionary", "block9/residual=nowhere"], "no site 'block9/residual'"),
        (["sites", "hf", *SAE, *SAE], "already"),
        (
            ["decompose", "transcoder", "--model", "hf", "--site", "embed", "--data", "text.txt", *LEARN],
            "--output is missing",
        ),
        (
            ["decompose", "sparse_autoencoder", "--model", "hf", "--site", "embed", "--text", "w1 w2", *LEARN],
            "at least two texts",
        ),
    ],
)
def test_what_does_not_fit_is_said(ask, words, message):
    said = ask(*words, code=2)
    assert message in said and "Traceback" not in said
