"""Graphs on the command line: nodes and edges in the table, the drawing and Neuronpedia's JSON beside it."""

import json

import pytest

from tests.cli.conftest import rows
from tests.models.test_pretrained import save, tensors


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    save(folder / "hf", tensors())
    return folder


ASKED = ("--model", "hf", "--clean", "w1 w2 w1", "--corrupted", "w1 w3 w1", "--target", "block1/residual:1")


def test_neurons_and_edges_are_traced_between_two_texts(here, ask):
    said = ask("trace", "neurons", *ASKED, "--share", "1", "--most", "5", "--order", "first", "--out", "page")
    assert "5 nodes have" in said and "Measured by exact patching" in said
    page = (here / "page" / "answer.html").read_text(encoding="utf-8")
    assert "<svg" in page and "block0/mlp/hidden" in page
    told = json.loads((here / "page" / "graph.json").read_text(encoding="utf-8"))
    assert len(told["nodes"]) == 6 and told["metadata"]["prompt"] == "w1 w2 w1"


@pytest.mark.slow
def test_edges_lead_from_the_embedding_to_the_score(ask):
    found = rows(ask("trace", "edges", *ASKED, "--steps", "2", "--json"))
    assert {row["site"] for row in found} >= {"embed", "block0/attention", "block0/mlp"}
    assert any(row["to"] == "unit 1 of block1/residual" for row in found if row["kind"] == "edge")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--clean", "w1 w2"), "the same length"),
        (("--target", "block1/residual:999"), "has the units 0 to"),
        (("--site", "block7/mlp"), "no site 'block7/mlp'"),
        (("--target", "block0/residual:1", "--site", "block1/mlp"), "nothing at 'block1/mlp' reaches"),
        (("--share", "0"), "`share` is a share"),
        (("--position", "7"), "give 0 to 2"),
    ],
)
def test_what_cannot_be_traced_is_said(ask, words, message):
    given = dict(zip(ASKED[::2], ASKED[1::2], strict=True)) | dict(zip(words[::2], words[1::2], strict=True))
    assert message in ask("trace", "neurons", *(part for pair in given.items() for part in pair), code=2)
