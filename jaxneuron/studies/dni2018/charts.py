"""The interactive charts of the study, as Vega-Lite specifications; each holds its own rows."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt

from jaxneuron.report.charts import FEW, Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.studies.dni2018.results import Answer, Group, Held, Removal, Told, Units, Way, Written

GROUPS = {
    Group.LEVEL: "nesting level",
    Group.DIGIT: "digit value",
    Group.RULE: "production rule",
    Group.NODE: "parse-tree node",
}
"""The groups of hypotheses that have a figure."""

WAYS = {
    (Way.REMOVE, Units.RANDOM): "random units removed",
    (Way.REMOVE, Units.TOP): "top units removed",
    (Way.ORACLE, Units.TOP): "the label in their place, from −1 to 1",
    (Way.OWN_MEANS, Units.TOP): "the label in their place, by own means",
}
"""Way and units -> how Figure 5 calls it."""

HELD = {
    (Units.RANDOM, Held.ONE): "random units at 1",
    (Units.TOP, Held.ONE): "top units at 1",
    (Units.TOP, Held.SIDE): "top units, each on its side",
}
"""Units and what they are held at -> how Figure 4 calls it."""

PAINTS = dict(zip(WAYS.values(), (CHANCE, *COLOURS[:3]), strict=True)) | dict(
    zip(HELD.values(), (CHANCE, *COLOURS[:2]), strict=True)
)


def panels(rows: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Return the panels of Figures 2 and 3: a title, and the truth values whose lines are in it."""
    made: dict[str, list[Told]] = {}
    for row in rows:
        if row.group in GROUPS and row.kind is Answer.BINARY:
            made.setdefault(GROUPS[row.group] + (f", {row.mark}" if row.mark else ""), []).append(row)
    return list(made.items())


def relevance(rows: Sequence[Told], what: str) -> Spec:
    """Return the scores of all units from the best to the worst, a line for each hypothesis: Figures 2 and 3.

    Args:
        rows: of a panel.
        what: the chart shows, for readers who do not see it.
    """
    values = [
        {"unit": place, "score": score, "line": row.line}
        for row in rows
        for place, score in enumerate(row.sorted, 1)
        if score is not None
    ]
    order = list(dict.fromkeys(row.line for row in rows))
    colour = alt.Scale(domain=order, range=[COLOURS[place % len(COLOURS)] for place in range(len(order))])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(strokeWidth=1.6, point=max((len(row.sorted) for row in rows), default=0) <= FEW)
        .encode(
            x=alt.X("unit:Q", title="units, from the best to the worst"),
            y=alt.Y("score:Q", title="balanced accuracy", scale=alt.Scale(zero=False, domain=[0.45, 1])),
            color=alt.Color("line:N", scale=colour, legend=legend(order)),
            tooltip=["line:N", "unit:Q", alt.Tooltip("score:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=260, description=what))


class Point(NamedTuple):
    """What is measured where something is done to k units."""

    way: str
    count: int  # k
    value: float
    low: float | None  # 95% interval
    high: float | None


def removed(found: Removal, feature: str) -> list[Point]:
    """Return the accuracies after something is done to units of a feature, or to random ones."""
    return [
        Point(WAYS[row.way, row.units], row.count, row.accuracy, row.low, row.high)
        for row in found.rows
        if row.feature in (feature, None)
    ]


def written(rows: Sequence[Written]) -> list[Point]:
    """Return the rates of what is written while units are held."""
    return [
        Point(HELD[row.units, row.held], row.count, row.rate, row.low, row.high)
        for row in rows
        if row.units is not Units.NONE
    ]


def removal(found: Removal, feature: str) -> Spec:
    """Return the accuracy after Rm-Neuron and Oracle over k, with the interval of random units: Figure 5."""
    what = f"Accuracy after changes to units of {feature}"
    return _by_count(removed(found, feature), "accuracy", found.intact.accuracy, what)


def writing(rows: Sequence[Written], feature: str) -> Spec:
    """Return how often something is written while units are held, over k: what Figures 4 and 6 show by example."""
    free = next(row for row in rows if row.units is Units.NONE)
    title = f"{free.what} per 100 symbols"
    return _by_count(written(rows), title, free.rate, f"{title} while units of {feature} are held")


def _by_count(points: Sequence[Point], title: str, intact: float, what: str) -> Spec:
    ways = {point.way for point in points}
    order = [way for way in PAINTS if way in ways]
    scale = alt.Scale(domain=order, range=[PAINTS[way] for way in order])
    counts = sorted({point.count for point in points})
    x = alt.X("count:Q", title="units", axis=alt.Axis(values=counts), scale=alt.Scale(type="symlog"))
    colour = alt.Color("way:N", scale=scale, legend=legend(order))
    base = alt.Chart(alt.Data(values=[point._asdict() for point in points]))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    bars = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    )
    tooltip = ["way:N", alt.Tooltip("count:Q", title="units"), alt.Tooltip("value:Q", title=title, format=".3f")]
    lines = base.mark_line(point=True).encode(x=x, y=y, color=colour, tooltip=tooltip)
    rule = alt.Chart(alt.Data(values=[{"at": intact}])).mark_rule(strokeDash=[5, 3], color="#888").encode(y="at:Q")
    return specification(alt.layer(rule, bars, lines).properties(height=240, description=what))
