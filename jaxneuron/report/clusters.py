"""Charts of clusters: the tree that they are cut from, the heat map of what is alike, and a map of points."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, DIVERGING

LEAVES = 60
"""Branches of a tree that are drawn; what joined below them is one."""

CELLS = 64
"""Rows of a heat map that are drawn; of more units, neighbours are averaged."""

POINTS = 2000
"""Points of a map that are drawn; of more, as many are chosen, evenly."""

NAMED = len(COLOURS)
"""Clusters of a map that have a colour of their own; the others are grey."""


class Point(NamedTuple):
    """A point of a map."""

    x: float
    y: float
    name: str
    group: int  # from 0, the largest
    label: str = ""


def tree(merges: Float[np.ndarray, "merge 4"], cut: float | None, what: str) -> Spec:
    """Return the upper part of a tree of clusters, with the distance at which it was cut.

    Args:
        merges: as scipy has it.
        cut: a distance, if there is one to be shown.
        what: the items, in the plural.
    """
    leaves = min(LEAVES, len(merges) + 1)
    drawn = hierarchy.dendrogram(merges, p=leaves, truncate_mode="lastp", no_plot=True)
    values = [
        {"link": number, "x": x, "distance": y, "order": place}
        for number, (xs, ys) in enumerate(zip(drawn["icoord"], drawn["dcoord"], strict=True))
        for place, (x, y) in enumerate(zip(xs, ys, strict=True))
    ]
    lines = (
        alt.Chart(alt.Data(values=values))
        .mark_line(strokeWidth=1.2, color=COLOURS[1])
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(nice=False)),
            y=alt.Y("distance:Q", title="distance"),
            detail="link:N",
            order="order:Q",
            tooltip=[alt.Tooltip("distance:Q", format=".3f")],
        )
    )
    chart: alt.TopLevelMixin = lines
    if cut is not None:
        rule = alt.Chart(alt.Data(values=[{"distance": cut}])).mark_rule(color=COLOURS[0], strokeDash=[5, 4])
        chart = lines + rule.encode(y="distance:Q")
    return specification(
        chart.properties(height=260, description=f"Tree of the {what}, by the distance at which they join")
    )


def alike(values: Float[np.ndarray, "unit unit"], groups: Int[np.ndarray, "unit"]) -> Spec:
    """Return a heat map of correlations, of units that are ordered by their group.

    Args:
        values: from -1 to 1, in the order in which they are shown.
        groups: of each unit, in the same order.
    """
    units = len(values)
    starts = np.unique(np.linspace(0, units, min(CELLS, units) + 1).astype(int)[:-1])
    sizes = np.diff(np.append(starts, units))
    means = np.add.reduceat(np.add.reduceat(values, starts, axis=0), starts, axis=1) / np.outer(sizes, sizes)
    rows = [
        {
            "row": i,
            "column": j,
            "mean": round(float(means[i, j]), 3),
            "group": int(groups[starts[i]]),
            "other": int(groups[starts[j]]),
        }
        for i in range(len(starts))
        for j in range(len(starts))
    ]
    scale = alt.Scale(domain=[-1, 0, 1], range=DIVERGING[::-1])  # orange is above 0, as in the text beside it
    cells = (
        alt.Chart(alt.Data(values=rows))
        .mark_rect()
        .encode(
            x=alt.X("column:O", axis=None),
            y=alt.Y("row:O", axis=None),
            color=alt.Color("mean:Q", scale=scale, legend=alt.Legend(title="correlation", orient="top")),
            tooltip=["group:O", "other:O", alt.Tooltip("mean:Q", format=".2f")],
        )
    )
    return specification(cells.properties(height=420, description="Correlations of units, ordered by their group"))


def places(points: Sequence[Point], names: Sequence[str], axes: tuple[str, str]) -> Spec:
    """Return a map of points, in the colours of their clusters.

    Args:
        points: all of them.
        names: of the clusters, the largest first.
        axes: what they are.
    """
    chosen = [points[i] for i in np.unique(np.linspace(0, len(points) - 1, min(POINTS, len(points))).astype(int))]
    shown = list(names[:NAMED])
    others = ["others"] * (len(names) > NAMED)
    values = [
        {"x": point.x, "y": point.y, "name": point.name, "label": point.label}
        | {"cluster": names[point.group] if point.group < NAMED else "others"}
        for point in chosen
    ]
    scale = alt.Scale(domain=shown + others, range=[*COLOURS[: len(shown)], *([CHANCE] * len(others))])
    across, up = (alt.Axis(labels=False, ticks=False, title=title, grid=False) for title in axes)
    told = ["name:N", "cluster:N"] + ["label:N"] * any(point.label for point in chosen)
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_circle(size=28, opacity=0.65)
        .encode(
            x=alt.X("x:Q", axis=across, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", axis=up, scale=alt.Scale(zero=False)),
            color=alt.Color("cluster:N", scale=scale, legend=legend(shown + others)),
            tooltip=told,
        )
    )
    return specification(chart.properties(height=460, description="Map of points, in the colours of their clusters"))
