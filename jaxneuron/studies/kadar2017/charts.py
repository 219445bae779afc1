"""The interactive charts of the study; each holds its own few rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, SHAPES
from jaxneuron.studies.kadar2017.results import (
    POSITIONS,
    SUM,
    TEXTUAL,
    VISUAL,
    Category,
    Informed,
    Predicted,
    Quartiles,
    Ratio,
)

NETWORKS = {VISUAL: COLOURS[0], TEXTUAL: COLOURS[1], SUM: CHANCE}
"""Network -> its colour."""

KINDS = {"deprel": "relations", "word": "words"}


def scores(rows: Sequence[Category], what: str) -> Spec:
    """Return the box plots of the omission scores of each label, a pathway beside the other."""
    values = [
        {"label": row.label, "network": network} | row.scores[network]._asdict()
        for row in rows
        for network in (VISUAL, TEXTUAL)
    ]
    order = [row.label for row in rows]
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=110))
    return _boxes(values, y, "omission score (1 − cosine)", f"Omission scores by {what}", 30 * len(order))


def log_ratios(rows: Sequence[Category], what: str) -> Spec:
    """Return the box plots of the log ratio of visual to textual scores, highest median first."""
    ordered = sorted(rows, key=lambda row: -row.log_ratio.median)
    values = [{"label": row.label, "network": "ratio"} | row.log_ratio._asdict() for row in ordered]
    base = alt.Chart(alt.Data(values=values))
    y = alt.Y("label:N", sort=[row.label for row in ordered], title=None, axis=alt.Axis(labelLimit=110))
    title = "log(visual / textual)"
    rule = base.mark_rule(color="#888").encode(
        y=y, x=alt.X("low:Q", title=title, axis=alt.Axis(tickCount=8)), x2="high:Q"
    )
    colour = alt.condition(alt.datum.median > 0, alt.value(COLOURS[0]), alt.value(COLOURS[1]))
    bar = base.mark_bar(size=12, opacity=0.75).encode(y=y, x=alt.X("lower:Q", title=title), x2="upper:Q", color=colour)
    tick = base.mark_tick(thickness=2, size=14, color="currentColor").encode(
        y=y, x=alt.X("median:Q", title=title), tooltip=_told(labelled=True)
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(strokeDash=[4, 3], color="#888").encode(x="zero:Q")
    chart = alt.layer(zero, rule, bar, tick)
    return specification(chart.properties(height=18 * len(ordered) + 20, description=f"Log ratios by {what}"))


def information(rows: Sequence[Informed]) -> Spec:
    """Return the box plots of the bits that units tell about each kind of context."""
    values = [{"label": _context(row.kind, row.order), "network": row.network} | row.units._asdict() for row in rows]
    order = list(dict.fromkeys(row["label"] for row in values))
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=110))
    return _boxes(values, y, "bits, by unit", "Mutual information of units and contexts", 34 * len(order))


def ratios(rows: Sequence[Ratio]) -> Spec:
    """Return the log ratios of the medians, textual to visual, with the bootstrap's ranges."""
    values = [row._asdict() | {"kind": KINDS[row.kind], "order": str(row.order)} for row in rows]
    names = list(KINDS.values())
    colour = alt.Color("kind:N", scale=alt.Scale(domain=names, range=[COLOURS[2], COLOURS[4]]), legend=legend(names))
    base = alt.Chart(alt.Data(values=values))
    y, offset = alt.Y("order:N", title="symbols in a context"), alt.YOffset("kind:N", sort=names)
    title = "log(textual / visual) of the medians"
    rule = base.mark_rule(strokeWidth=3).encode(
        y=y, yOffset=offset, x=alt.X("low:Q", title=title, axis=alt.Axis(tickCount=8)), x2="high:Q", color=colour
    )
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=names, range=list(SHAPES[:2])), legend=legend(names))
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        y=y,
        yOffset=offset,
        x=alt.X("log_ratio:Q", title=title),
        color=colour,
        shape=shape,
        tooltip=[
            "kind:N",
            "order:N",
            *(alt.Tooltip(f"{name}:Q", format="+.3f") for name in ("log_ratio", "low", "high")),
        ],
    )
    return specification(alt.layer(rule, points).properties(height=150, description="Log ratios of medians"))


def coefficients(rows: Mapping[str, Predicted]) -> Spec:
    """Return the coefficient of each position, a line for each network."""
    values = [
        {"network": network, "position": where, "coefficient": row.coefficients[where]}
        for network, row in rows.items()
        for where in POSITIONS
        if row.coefficients[where] == row.coefficients[where]
    ]
    x = alt.X("position:N", sort=list(POSITIONS), title=None, axis=alt.Axis(labelAngle=-30))
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=x,
            y=alt.Y("coefficient:Q"),
            color=_colour(list(rows)),
            strokeDash=alt.StrokeDash("network:N", legend=None),
            tooltip=["network:N", "position:N", alt.Tooltip("coefficient:Q", format="+.4f")],
        )
    )
    return specification(chart.properties(height=220, description="Coefficients of positions"))


def _boxes(values: Sequence[Mapping[str, Any]], y: alt.Y, title: str, description: str, height: int) -> Spec:
    """Return box plots of quartiles that are known, a row for each label and in it a bar for each network."""
    networks = [name for name in NETWORKS if any(row["network"] == name for row in values)]
    base = alt.Chart(alt.Data(values=list(values)))
    offset, colour = alt.YOffset("network:N", sort=networks), _colour(networks)
    rule = base.mark_rule().encode(
        y=y, yOffset=offset, x=alt.X("low:Q", title=title, axis=alt.Axis(tickCount=8)), x2="high:Q", color=colour
    )
    bar = base.mark_bar(size=9, opacity=0.75).encode(
        y=y, yOffset=offset, x=alt.X("lower:Q", title=title), x2="upper:Q", color=colour
    )
    tick = base.mark_tick(thickness=2, size=11, color="currentColor").encode(
        y=y, yOffset=offset, x=alt.X("median:Q", title=title), tooltip=_told(labelled=True, network=True)
    )
    return specification(alt.layer(rule, bar, tick).properties(height=height, description=description))


def _colour(networks: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(networks), range=[NETWORKS[name] for name in networks])
    return alt.Color("network:N", scale=scale, legend=legend(networks))


def _told(*, labelled: bool, network: bool = False) -> list[Any]:
    names = ["label:N"] * labelled + ["network:N"] * network
    numbers = [name for name in Quartiles._fields if name != "n"]
    return [*names, "n:Q", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in numbers)]


def _context(kind: str, order: int) -> str:
    return f"{order} {KINDS[kind] if order > 1 else KINDS[kind][:-1]}"
