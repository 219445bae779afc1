"""The interactive charts of the study, as Vega-Lite specifications."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, SHAPES

Row = Mapping[str, Any]


def lines(
    rows: Sequence[Row], names: Sequence[str], *, across: str, up: str, what: str, rules: Sequence[float] = ()
) -> Spec:
    """Return a line for each name over numbers of units, of shares.

    Args:
        rows: with the fields name, count and share.
        names: in the order of the legend; those that begin with "random" are grey.
        across: the title of the horizontal axis.
        up: that of the vertical one.
        what: the chart shows, for readers who do not see it.
        rules: shares at which a dashed line is drawn.
    """
    free = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    colours = [CHANCE if name.startswith("random") else free.pop(0) for name in names]
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(names))]
    counts = sorted({row["count"] for row in rows})
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X(
            "count:Q",
            title=across,
            scale=alt.Scale(type="symlog", constant=1, nice=False, padding=8),
            axis=alt.Axis(values=counts, format="d"),
        ),
        y=alt.Y("share:Q", title=up, axis=alt.Axis(format="%")),
        color=alt.Color("name:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend(names)),
        tooltip=["name:N", alt.Tooltip("count:Q", title="units"), alt.Tooltip("share:Q", format=".1%")],
    )
    points = base.mark_point(filled=True, size=40, opacity=1).encode(
        shape=alt.Shape("name:N", scale=alt.Scale(domain=list(names), range=shapes), legend=legend(names))
    )
    marks = [
        alt.Chart(alt.Data(values=[{"at": at}])).mark_rule(strokeDash=[5, 3], color=CHANCE).encode(y="at:Q")
        for at in rules
    ]
    return specification(alt.layer(base.mark_line(), points, *marks).properties(height=280, description=what))


def cost(rows: Sequence[Row], names: Sequence[str], what: str) -> Spec:
    """Return points: the share that flips, by the rise of perplexity that it costs.

    Args:
        rows: with the fields name, count, share and rise.
        names: in the order of the legend.
        what: the chart shows, for readers who do not see it.
    """
    colours = [CHANCE if name.startswith("random") else COLOURS[place] for place, name in enumerate(names)]
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("rise:Q", title="rise of perplexity", axis=alt.Axis(format="%", tickCount=5)),
        y=alt.Y("share:Q", title="held-out pairs that flip", axis=alt.Axis(format="%")),
        color=alt.Color("name:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend(names)),
        order="count:Q",
        tooltip=["name:N", "count:Q", alt.Tooltip("rise:Q", format=".1%"), alt.Tooltip("share:Q", format=".1%")],
    )
    chart = alt.layer(base.mark_line(), base.mark_point(filled=True, size=40, opacity=1))
    return specification(chart.properties(height=280, description=what))
