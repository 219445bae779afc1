"""What interactive charts share, as Vega-Lite specifications.

A chart holds its own few rows, or reads a data set named `found`, which the page holds once and hands to each of them.
Fonts and colours of axes come from the page, so that they follow its light or dark scheme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report.figures import losses
from jaxneuron.report.palette import LINES

Spec = dict[str, Any]

LETTER = 7
"""Pixels of a letter of a legend, on average, in a font of 12 pixels."""

AXIS = 90
"""Pixels that the vertical axis takes at most."""

FEW = 40
"""Values of a line that are drawn as points; more would be a line of their own."""


def learning_curves(curves: Sequence[Mapping[str, Any]]) -> Spec:
    """Return the losses of a training run over its steps."""
    names = losses(curves)
    values = [
        {"step": row["step"], "loss": row[name], "part": name.replace("_", " ")}
        for row in curves
        for name in names
        if row.get(name) is not None
    ]
    domain = [name.replace("_", " ") for name in names]
    scale = alt.Scale(domain=domain, range=[LINES[i % len(LINES)] for i in range(len(domain))])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("step:Q", axis=alt.Axis(tickCount=6)),
            y=alt.Y("loss:Q", scale=alt.Scale(zero=False)),
            color=alt.Color("part:N", scale=scale, legend=legend(domain)),
            strokeDash=alt.StrokeDash("part:N", scale=alt.Scale(domain=domain), legend=legend(domain)),
            tooltip=["part:N", "step:Q", alt.Tooltip("loss:Q", format=".4f")],
        )
    )
    return specification(chart.properties(height=240, description="Learning curves: loss by training step"))


def quote(text: str) -> str:
    """Return a text as a Vega expression has it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"


def legend(names: Sequence[str], **options: Any) -> alt.Legend:
    """Return a legend above the chart, in as many columns as the chart has room for.

    Vega settles the height of a chart once, before it fits the width of the plot into its place. So the columns follow
    from the width of the place, less that of an axis.

    Args:
        names: what it says, of which the longest needs its room.
        **options: more of `altair.Legend`.

    Example:
        >>> legend(["top", "bottom"])["columns"].to_dict()["expr"].endswith(" - 90) / 78))")
        True
    """
    column = 36 + LETTER * max(map(len, names), default=0)  # a symbol, and space on its sides
    place = "isFinite(containerSize()[0]) ? containerSize()[0] : width"
    return alt.Legend(
        orient="top",
        title=None,
        columns=alt.ExprRef(f"max(1, floor((({place}) - {AXIS}) / {column}))"),
        labelLimit=alt.ExprRef(f"max(100, ({place}) - {AXIS})"),
        **options,
    )


def specification(chart: alt.TopLevelMixin) -> Spec:
    """Return a chart as the page takes it: as wide as its place, without fonts and colours of its own."""
    sized = chart.properties(
        width="container",
        autosize=alt.AutoSizeParams(
            type="fit-x",
            contains="padding",
        ),
    )
    spec = sized.to_dict()
    spec.pop("$schema")  # an address, which nothing here should look up
    spec.pop("config", None)  # the page sets fonts and colours
    return spec
