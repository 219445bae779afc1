"""The interactive charts of the study `dni2018`, as Vega-Lite specifications; each holds its own rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report.charts import FEW, Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS

Row = Mapping[str, Any]

WAYS = {
    ("remove", "random"): "random units removed",
    ("remove", "top"): "top units removed",
    ("oracle", "top"): "the label in their place, from −1 to 1",
    ("own means", "top"): "the label in their place, by own means",
}
"""Way and units -> how Figure 5 calls it."""

HELD = {
    ("random", "1"): "random units at 1",
    ("top", "1"): "top units at 1",
    ("top", "side"): "top units, each on its side",
}
"""Units and what they are held at -> how Figure 4 calls it."""

PAINTS = dict(zip(WAYS.values(), (CHANCE, *COLOURS[:3]), strict=True)) | dict(
    zip(HELD.values(), (CHANCE, *COLOURS[:2]), strict=True)
)


def relevance(rows: Sequence[Row], what: str) -> Spec:
    """Return the scores of all units from the best to the worst, a line for each hypothesis: Figures 2 and 3.

    Args:
        rows: with `line` and `sorted`.
        what: the chart shows, for readers who do not see it.
    """
    values = [
        {"unit": place, "score": score, "line": row["line"]}
        for row in rows
        for place, score in enumerate(row["sorted"], 1)
        if score is not None
    ]
    order = list(dict.fromkeys(row["line"] for row in rows))
    colour = alt.Scale(domain=order, range=[COLOURS[place % len(COLOURS)] for place in range(len(order))])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(strokeWidth=1.6, point=max((len(row["sorted"]) for row in rows), default=0) <= FEW)
        .encode(
            x=alt.X("unit:Q", title="units, from the best to the worst"),
            y=alt.Y("score:Q", title="balanced accuracy", scale=alt.Scale(zero=False, domain=[0.45, 1])),
            color=alt.Color("line:N", scale=colour, legend=legend(order)),
            tooltip=["line:N", "unit:Q", alt.Tooltip("score:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=260, description=what))


def removal(rows: Sequence[Row], feature: str, intact: float) -> Spec:
    """Return the accuracy after Rm-Neuron and Oracle over k, with the interval of random units: Figure 5."""
    values = [
        {"way": WAYS[row["way"], row["units"]]} | {key: row.get(key) for key in ("count", "accuracy", "low", "high")}
        for row in rows
        if row["feature"] in (feature, None)
    ]
    return _by_count(values, "way", "accuracy", "accuracy", intact, f"Accuracy after changes to units of {feature}")


def writing(rows: Sequence[Row], feature: str) -> Spec:
    """Return how often something is written while units are held, over k: what Figures 4 and 6 show by example."""
    own = [row for row in rows if row["feature"] == feature]
    values = [
        {"way": HELD[row["units"], row["held"]]} | {key: row.get(key) for key in ("count", "rate", "low", "high")}
        for row in own
        if row["units"] != "none"
    ]
    none = next(row for row in own if row["units"] == "none")
    title = f"{none['what']} per 100 symbols"
    return _by_count(values, "way", "rate", title, none["rate"], f"{title} while units of {feature} are held")


def _by_count(values: list[dict[str, Any]], name: str, value: str, title: str, intact: float, what: str) -> Spec:
    order = [way for way in PAINTS if any(row[name] == way for row in values)]
    scale = alt.Scale(domain=order, range=[PAINTS[way] for way in order])
    counts = sorted({row["count"] for row in values})
    x = alt.X("count:Q", title="units", axis=alt.Axis(values=counts), scale=alt.Scale(type="symlog"))
    colour = alt.Color(f"{name}:N", scale=scale, legend=legend(order))
    base = alt.Chart(alt.Data(values=values))
    y = alt.Y(f"{value}:Q", title=title, scale=alt.Scale(zero=False))
    bars = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    )
    tooltip = [f"{name}:N", alt.Tooltip("count:Q", title="units"), alt.Tooltip(f"{value}:Q", format=".3f")]
    lines = base.mark_line(point=True).encode(x=x, y=y, color=colour, tooltip=tooltip)
    rule = alt.Chart(alt.Data(values=[{"at": intact}])).mark_rule(strokeDash=[5, 3], color="#888").encode(y="at:Q")
    return specification(alt.layer(rule, bars, lines).properties(height=240, description=what))
