"""Charts of clusters say what they were given: the tree, what is alike, and where points are."""

import numpy as np
from scipy.cluster import hierarchy

from jaxneuron.report import clusters, embedded
from jaxneuron.report.palette import DIVERGING


def test_a_tree_has_a_link_for_each_merge_and_its_cut():
    merges = hierarchy.linkage(np.arange(5.0)[:, None] ** 2, "average")
    spec = clusters.tree(merges, 2.5, "units")
    lines, rule = spec["layer"]
    assert {row["distance"] for row in lines["data"]["values"]} == {0.0, *merges[:, 2]}
    assert len({row["link"] for row in lines["data"]["values"]}) == 4
    assert rule["data"]["values"] == [{"distance": 2.5}]
    assert "layer" not in clusters.tree(merges, None, "units")


def test_of_many_items_the_upper_part_of_a_tree_is_drawn():
    chain = hierarchy.linkage(np.arange(3000.0)[:, None] ** 1.5, "single")  # as deep as there are items
    values = clusters.tree(chain, None, "units")["data"]["values"]
    assert len({row["link"] for row in values}) == clusters.LEAVES - 1


def test_a_heat_map_averages_neighbours():
    values = np.kron(np.eye(2), np.ones((100, 100)))
    spec = clusters.alike(values, np.repeat([0, 1], 100))
    cells = spec["data"]["values"]
    assert tuple(spec["encoding"]["color"]["scale"]["range"]) == DIVERGING[::-1]  # of a page's text: orange is above 0
    assert len(cells) == clusters.CELLS**2
    corners = {(row["group"], row["other"], row["mean"]) for row in cells if {row["row"], row["column"]} <= {0, 63}}
    assert corners == {(0, 0, 1.0), (0, 1, 0.0), (1, 0, 0.0), (1, 1, 1.0)}


def test_a_map_names_the_largest_clusters_and_draws_a_share_of_the_points():
    points = [clusters.Point(float(i), 0.0, f"w{i}", i % 12, "X") for i in range(3 * clusters.POINTS)]
    spec = clusters.places(points, [f"c{i}" for i in range(12)], ("across", "up"))
    assert [spec["encoding"][one]["axis"]["title"] for one in "xy"] == ["across", "up"]
    values = spec["data"]["values"]
    assert len(values) == clusters.POINTS and {"others", "c0", "c9"} <= {row["cluster"] for row in values}
    assert spec["encoding"]["color"]["scale"]["domain"][-1] == "others"
    assert any(one["field"] == "label" for one in spec["encoding"]["tooltip"])


def test_scripts_are_there_only_for_charts():
    assert embedded.scripts({}) == ""
    found = embedded.scripts({"chart0": {"title": "</script>"}})
    assert found.count("<script") == 4 and '</script>"}' not in found
