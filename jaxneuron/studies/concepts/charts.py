"""The interactive charts of the study, as Vega-Lite specifications; each holds its own few rows."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal, NamedTuple

import altair as alt

from jaxneuron.report.charts import FEW, Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, SHAPES
from jaxneuron.studies.concepts.methods import METHODS, Method, described
from jaxneuron.studies.concepts.results import Class, Direction, Layer, Lost, Point, Results

DASHES = {Direction.TOP: [1, 0], Direction.BOTTOM: [6, 3], Direction.RANDOM: [2, 2]}
"""How the lines of the best, the worst and random units are drawn."""


class Dot(NamedTuple):
    """A value where there are, or are not, k units of a ranking."""

    ranking: str
    direction: Direction
    count: int  # k
    value: float


def dots(rows: Sequence[Point] | Sequence[Lost], measure: str) -> list[Dot]:
    """Return what was measured, of one field of the rows.

    Args:
        rows: of curves or of an ablation.
        measure: the field, such as `accuracy`.

    Raises:
        AttributeError: the rows have no such field.
    """
    found = [Dot(row.ranking, row.direction, row.count, getattr(row, measure)) for row in rows]
    return [dot for dot in found if dot.value is not None and not isnan(dot.value)]


def palette(rankings: Sequence[str]) -> dict[str, str]:
    """Return a colour for each ranking of a run, the same in all its charts: those of `METHODS` first, in their order.

    Example:
        >>> palette(["random", "my_method", "linear"])
        {'linear': '#d55e00', 'my_method': '#0072b2', 'random': '#7f7f7f'}
    """
    used = dict.fromkeys(name for name in rankings if name not in (Method.RANDOM, Method.NOTHING))
    named = [str(name) for name in METHODS if name in used] + [name for name in used if name not in METHODS]
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(named)} | {str(Method.RANDOM): CHANCE}


def colours_of(results: Results) -> dict[str, str]:
    """Return the colour of each ranking of a run."""
    return palette([row.ranking for row in (*results.curves, *results.ablation)])


def axis(counts: Sequence[int]) -> Literal["log", "linear"]:
    """Return the kind of axis on which numbers of units can be told apart.

    Example:
        >>> axis([1, 10, 100]), axis([0, 10, 20])
        ('log', 'linear')
    """
    return "log" if min(counts, default=0) > 0 and max(counts) > 20 else "linear"


def curves(found: Sequence[Dot], colours: Mapping[str, str], *, title: str, what: str) -> Spec:
    """Return lines over the number of units: a colour per ranking, a dash for top, bottom and random.

    Args:
        found: what is drawn.
        colours: ranking -> its colour, in the order of the legend.
        title: of the vertical axis.
        what: the chart shows, for readers who do not see it.
    """
    values = [{**dot._asdict(), "ranking": described(dot.ranking).name} for dot in found]
    shown = [ranking for ranking in colours if any(dot.ranking == ranking for dot in found)]
    order = [described(ranking).name for ranking in shown]
    directions = [direction for direction in DASHES if any(dot.direction is direction for dot in found)]
    counts = sorted({dot.count for dot in found})
    few = len(counts) <= FEW
    colour = alt.Scale(domain=order, range=[colours[ranking] for ranking in shown])
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("count:Q", title="units", scale=alt.Scale(type=axis(counts), nice=False, padding=8)),
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        color=alt.Color("ranking:N", scale=colour, legend=legend(order)),
        tooltip=[
            "ranking:N",
            "direction:N",
            alt.Tooltip("count:Q", title="units"),
            alt.Tooltip("value:Q", title=title, format=".3f"),
        ],
    )
    lines = base.mark_line().encode(
        strokeDash=alt.StrokeDash(
            "direction:N",
            scale=alt.Scale(domain=directions, range=[DASHES[direction] for direction in directions]),
            legend=legend(
                directions, symbolType="stroke", symbolStrokeColor=CHANCE, symbolStrokeWidth=2, symbolSize=300
            )
            if len(directions) > 1
            else None,
        ),
    )
    dots = base.mark_point(filled=True, size=30 if few else 6, opacity=1 if few else 0.5).encode(
        shape=alt.Shape(
            "ranking:N",
            scale=alt.Scale(domain=order, range=[SHAPES[i % len(SHAPES)] for i in range(len(order))]),
            legend=legend(order),
        )
    )
    return specification(alt.layer(lines, dots).properties(height=300, description=what))


def layers(rows: Sequence[Layer]) -> Spec:
    """Return the accuracy of a probe on each layer, on the property and on the control task."""
    own, other = "the property", "the control task (words with random labels)"
    tasks = [(row.site, task, value) for row in rows for task, value in ((own, row.accuracy), (other, row.control))]
    chart = (
        alt.Chart(alt.Data(values=[{"site": site, "task": task, "accuracy": value} for site, task, value in tasks]))
        .mark_line(point=True)
        .encode(
            x=alt.X("site:N", sort=[row.site for row in rows], title=None, axis=alt.Axis(labelAngle=-30)),
            y=alt.Y("accuracy:Q", title="test accuracy", scale=alt.Scale(zero=False)),
            color=_tasks([own, other]),
            tooltip=["site:N", "task:N", alt.Tooltip("accuracy:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=240, description="Accuracy of a linear probe by layer"))


def _tasks(names: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=list(COLOURS[1::-1]))
    return alt.Color("task:N", scale=scale, legend=legend(names))


def classes(rows: Sequence[Class], sites: Sequence[str]) -> Spec:
    """Return how many units hold half of the weight of each class, and in which layer they are."""
    values = [
        {"label": row.name, "site": site, "units": units, "place": sites.index(site)}
        for row in rows
        for site, units in zip(sites, row.by_layer, strict=True)
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            y=alt.Y("label:N", sort=[row.name for row in rows], title=None),
            x=alt.X("units:Q", title="units with half of the weight"),
            color=alt.Color(
                "site:N",
                sort=list(sites),
                scale=alt.Scale(scheme="viridis"),
                legend=legend(sites),
            ),
            order=alt.Order("place:Q"),
            tooltip=["label:N", "site:N", "units:Q"],
        )
    )
    return specification(chart.properties(height=18 * len(rows), description="Units of each class by layer"))


def bars(values: Mapping[str, float], title: str, what: str, *, rule: float | None = None) -> Spec:
    """Return one bar for each name, in the given order, with a rule at what chance would give.

    Args:
        values: name -> value.
        title: of the chart.
        what: the values are.
        rule: where a line is drawn; None: nowhere.
    """
    rows = [{"name": name, "value": value} for name, value in values.items()]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=COLOURS[1])
        .encode(
            x=alt.X("name:N", sort=list(values), title=None, axis=alt.Axis(labelAngle=-30)),
            y=alt.Y("value:Q", title=title),
            tooltip=["name:N", alt.Tooltip("value:Q", format=".3~f", title=title)],
        )
    )
    if rule is not None:
        line = (
            alt.Chart(alt.Data(values=[{"at": rule}])).mark_rule(strokeDash=[5, 3], color=COLOURS[0]).encode(y="at:Q")
        )
        chart = alt.layer(chart, line)
    return specification(chart.properties(height=220, description=what))


def heat(names: Sequence[str], table: Sequence[Sequence[float | None]], title: str, what: str) -> Spec:
    """Return a square table as shades, with the numbers in it.

    Args:
        names: of rows and columns.
        table: a row for each name.
        title: of the chart.
        what: the numbers are.
    """
    values = [
        {"one": one, "other": other, "value": value}
        for one, row in zip(names, table, strict=True)
        for other, value in zip(names, row, strict=True)
        if value is not None
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("one:N", sort=list(names), title=None, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("other:N", sort=list(names), title=None),
        tooltip=["one:N", "other:N", alt.Tooltip("value:Q", format=".2f", title=title)],
    )
    shades = base.mark_rect().encode(
        color=alt.Color("value:Q", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None)
    )
    numbers = base.mark_text(fontSize=11).encode(
        text=alt.Text("value:Q", format=".2f"),
        color=alt.condition(alt.datum.value > 0.5, alt.value("white"), alt.value("black")),
    )
    return specification(alt.layer(shades, numbers).properties(height=26 * len(names), description=what))
