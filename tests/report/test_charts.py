"""Every chart of every page: nothing is drawn that was not measured, and a legend has room on a telephone."""

import json
import re

import pytest
import vl_convert

from jaxneuron.report import concept_charts, concepts, dni2018
from jaxneuron.report._run import Run
from jaxneuron.studies.attribution import page as attribution
from jaxneuron.studies.poerner2018 import page as poerner2018
from tests.report import test_dni2018
from tests.studies.attribution import test_page
from tests.studies.poerner2018.conftest import make_run, read

NARROW = 350
"""Pixels of a chart on a telephone."""


def concept_results():
    """Return the curves of many rankings, with long names."""
    rankings = [*concepts.METHODS][:9]
    rows = [
        {"scope": scope, "probe": "linear", "ranking": name, "direction": way, "count": count, "accuracy": 0.5}
        for scope in ("all", "layer")
        for name in rankings
        for way in ("top", "bottom", "random")
        for count in (1, 10, 50)
    ]
    layers = [{"site": f"block{i}/residual", "accuracy": 0.5, "control": 0.4, "compression": 2.0} for i in range(6)]
    sites = [row["site"] for row in layers]
    classes = [{"name": "NOUN", "by_layer": [1] * 6}]
    agreement = {"methods": rankings, "overlap": [[0.5] * 9] * 9, "average_overlap": {"a": 1}, "count": 5}
    agreement |= {"mean_overlap": 0.5, "neuron_vote": {"linear": 1.0}}
    return {"curves": rows, "layers": layers, "sites": sites, "classes": classes, "agreement": agreement}


@pytest.fixture(scope="module")
def charts():
    pages = {
        "poerner2018": poerner2018.content(read(*make_run())),
        "concepts": concepts.content(Run({"results": concept_results()}, [])),
        "dni2018": dni2018.content(Run({"results": test_dni2018.make_results()}, [])),
        "attribution": attribution.content(test_page.read(test_page.make_results())),
    }
    return {f"{name}: {id}": spec for name, page in pages.items() for id, spec in page["charts"].items()}


def inside(value, key):
    """Return every value of a key, however deep."""
    if isinstance(value, dict):
        found = [value[key]] if key in value else []
        return found + [one for item in value.values() for one in inside(item, key)]
    return [one for item in value for one in inside(item, key)] if isinstance(value, list) else []


def test_lines_are_straight_between_points_that_are_drawn(charts):
    assert len(charts) > 25
    for name, spec in charts.items():
        assert not inside(spec, "interpolate"), name
        marks = [mark if isinstance(mark, dict) else {"type": mark} for mark in inside(spec, "mark")]
        lines = [mark for mark in marks if mark["type"] == "line"]
        assert all(line.get("point") for line in lines) or any(mark["type"] == "point" for mark in marks), name


def test_legends_count_their_columns_by_the_width(charts):
    for name, spec in charts.items():
        for legend in filter(None, inside(spec, "legend")):
            if "gradientLength" not in legend:
                assert "containerSize" in legend["columns"]["expr"] and legend["orient"] == "top", name


def test_charts_are_drawn_without_a_warning_and_fit_a_telephone(charts, capfd):
    """The text of a legend, which Vega would let run over the edge, ends within the chart."""
    for name in ("concepts: chart-curves-all-linear", "attribution: chart-concepts-text-cnn", "poerner2018: gains"):
        spec = charts[name] | {"width": NARROW, "datasets": {"found": []}}
        spec |= {"config": {"legend": {"layout": {"top": {"direction": "vertical", "anchor": "start"}}}}}
        svg = vl_convert.vegalite_to_svg(spec, show_warnings=True)
        assert int(re.search(r'width="(\d+)"', svg)[1]) == NARROW, name
        tree = vl_convert.vegalite_to_scenegraph(spec)
        assert max(ends(tree["scenegraph"])) <= NARROW, name
    assert "WARN" not in capfd.readouterr().err


def ends(node, left=0.0):
    """Yield where each label of a legend ends; a letter counts 6.5 pixels."""
    if isinstance(node, list):
        for one in node:
            yield from ends(one, left)
    elif isinstance(node, dict):
        here = left + (node.get("x", 0) or 0 if node.get("marktype") != "text" and "items" in node else 0)
        if node.get("role") == "legend-label":
            for item in node["items"]:
                yield left + item["x"] + 6.5 * len(item["text"])
        else:
            yield from ends(node.get("items", []), here)


def test_the_dashes_have_a_legend_that_is_seen():
    rows = concept_results()["curves"]
    spec = concept_charts.curves(
        rows, concepts.NAMES, concept_charts.palette(["linear"]), value="accuracy", title="", what=""
    )
    line = next(layer for layer in spec["layer"] if "strokeDash" in layer["encoding"])
    assert line["mark"]["type"] == "line"  # a filled point would give it an invisible stroke
    assert line["encoding"]["strokeDash"]["legend"]["symbolStrokeColor"]
    assert json.dumps(spec).count("strokeDash") == 1
