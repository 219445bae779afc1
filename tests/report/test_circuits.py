import json
from xml.etree import ElementTree

import numpy as np
import pytest

from jaxneuron.report import circuits
from jaxneuron.trace import Check, Edges, Graph, Nodes

ASKED = circuits.Asked("a/model", "Girls are <here>", ["Girls", "are", "<here>"], "'are' rather than 'is'", 2)
CHECK = Check(2.0, -1.0, np.nan, 0.9, 0.8, 0.1, 1.0)


def graph(*, positions=True, units=True):
    places = np.array([0, 2, 2]) if positions else np.full(3, -1)
    numbers = np.array([5, 0, 7]) if units else np.full(3, -1)
    effect, influence = np.array([1.0, -2.0, 0.5]), np.array([0.5, 0.6, 0.4])
    edges = Edges(np.array([0, 1, 2, 0]), np.array([1, 3, 3, 3]), np.array([0.5, -2.0, 0.5, 0.1]))
    return Graph(("low", "high"), Nodes(np.array([0, 1, 1]), places, numbers, effect, effect, influence), edges, CHECK)


def test_the_file_is_in_neuronpedias_schema():
    told = json.loads(circuits.written(graph(), ASKED._replace(target="'are'")))
    assert {"slug", "scan", "prompt_tokens", "prompt"} <= told["metadata"].keys()
    assert (
        told["metadata"]["prompt_tokens"] == ["Girls", "are", "<here>"] and told["metadata"]["slug"] == "girls-are-here"
    )
    required = {"node_id": str, "feature": int, "layer": str, "ctx_idx": int, "feature_type": str, "jsNodeId": str}
    for node in told["nodes"]:
        assert all(isinstance(node[name], kind) for name, kind in {**required, "clerp": str}.items())
    ids = [node["node_id"] for node in told["nodes"]]
    assert ids == ["0_5_0", "1_0_2", "1_7_2", "2_0_2"] and told["nodes"][-1]["feature_type"] == "logit"
    assert {(link["source"], link["target"]): link["weight"] for link in told["links"]} == {
        ("0_5_0", "1_0_2"): 0.5, ("1_0_2", "2_0_2"): -2.0, ("1_7_2", "2_0_2"): 0.5, ("0_5_0", "2_0_2"): 0.1,
    }  # fmt: skip
    # influence is cumulative, so that a slider at 0.8 keeps the fewest nodes that have as much
    np.testing.assert_allclose([node["influence"] for node in told["nodes"]], [1.1 / 1.5, 0.4, 1, 0])


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("units", [True, False])
def test_a_drawing_has_each_node_and_edge_and_says_its_numbers(positions, units):
    found = graph(positions=positions, units=units)
    drawn = ElementTree.fromstring(circuits.drawing(found, ASKED))
    name = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f"{name}circle")) == 4 and len(drawn.findall(f"{name}path")) == 4
    said = [title.text for title in drawn.iter(f"{name}title")]
    assert f"{circuits.name(found, 1)}: effect -2, patched alone -2" in said
    centres = {(one.get("cx"), one.get("cy")) for one in drawn.findall(f"{name}circle")}
    assert len(centres) == 4  # none is on another
    texts = [one.text for one in drawn.iter(f"{name}text")]
    assert ("<here>" in texts) == positions and ("7" in texts) == units


@pytest.mark.parametrize("positions", [True, False])
def test_no_edge_runs_over_the_names_of_sites(positions):
    found = graph(positions=positions, units=False)
    source, reader = np.zeros(12, int), np.arange(1, 13)  # from the lowest of twelve sites to each other, and the score
    nodes = Nodes(np.arange(12), np.full(12, 0 if positions else -1), np.full(12, -1), *[np.ones(12)] * 3)
    edges = Edges(source, reader, np.full(12, -1.0))
    found = found._replace(sites=tuple(f"site{number}" for number in range(12)), nodes=nodes, edges=edges)
    drawn = ElementTree.fromstring(circuits.drawing(found, ASKED._replace(position=0)))
    name = "{http://www.w3.org/2000/svg}"
    left = min(float(line.get("x1", 0)) for line in drawn.findall(f"{name}line"))
    for path in drawn.findall(f"{name}path"):
        start, *_ = (float(part) for part in path.get("d", "").removeprefix("M").split("C")[0].split())
        control = float(path.get("d", "").split("C")[1].split()[0])
        assert start + 0.75 * (control - start) >= left - 12


def test_a_graph_without_nodes_is_drawn():
    none = np.array([], int)
    empty = Graph(("low",), Nodes(none, none, none, none, none, none), Edges(none, none, none), CHECK)
    assert circuits.drawing(empty, ASKED).count("<circle") == 1
    assert len(circuits.neuronpedia(empty, ASKED)["nodes"]) == 1
