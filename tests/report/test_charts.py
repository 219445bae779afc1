"""Every chart of every page: nothing is drawn that was not measured, and a legend has room on a telephone."""

import re

import pytest
import vl_convert

from jaxneuron.studies._finished import Finished
from jaxneuron.studies.attribution import page as attribution
from jaxneuron.studies.concepts import page as concepts
from jaxneuron.studies.dni2018 import page as dni2018
from jaxneuron.studies.poerner2018 import page as poerner2018
from jaxneuron.studies.redundancy import page as redundancy
from tests.studies.attribution import test_page
from tests.studies.concepts import test_page as concept_run
from tests.studies.dni2018 import test_page as dni2018_run
from tests.studies.poerner2018.conftest import make_run, read
from tests.studies.redundancy import test_page as redundancy_run

NARROW = 350
"""Pixels of a chart on a telephone."""


@pytest.fixture(scope="module")
def charts():
    pages = {
        "poerner2018": poerner2018.content(read(*make_run())),
        "concepts": concepts.content(Finished("concepts", concept_run.make_results())),
        "dni2018": dni2018.content(Finished("dni2018", dni2018_run.make_results())),
        "redundancy": redundancy.content(Finished("redundancy", redundancy_run.make_results())),
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
