"""Charts that several studies draw, as Vega-Lite specifications: lines, dots in rows, and a grid."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, SHAPES


class Plotted(NamedTuple):
    """One mark: `name` is its colour, `at` and `value` are its places."""

    name: str
    at: Any
    value: float


class Axes(NamedTuple):
    """What a chart says of itself."""

    across: str
    up: str
    what: str  # it shows, for readers who do not see it
    format: str = "%"  # of the values
    wide: bool = False  # numbers across grow by factors


def _named(names: Sequence[str], *, shapes: bool = True) -> dict[str, Any]:
    """Return the encodings of names: a colour and a shape each; those of random or shuffled units are grey."""
    free = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    colours = [CHANCE if name.startswith(("random", "shuffled")) else free.pop(0) for name in names]
    scale = alt.Scale(domain=list(names), range=colours)
    found: dict[str, Any] = {"color": alt.Color("name:N", scale=scale, legend=legend(names))}
    if shapes:
        kinds = alt.Scale(domain=list(names), range=[SHAPES[place % len(SHAPES)] for place in range(len(names))])
        found["shape"] = alt.Shape("name:N", scale=kinds, legend=legend(names))
    return found


def lines(marks: Sequence[Plotted], axes: Axes) -> Spec:
    """Return a line for each name, over numbers, or over places in their order."""
    names, places = list(dict.fromkeys(mark.name for mark in marks)), list(dict.fromkeys(mark.at for mark in marks))
    if isinstance(places[0], str):
        across: Any = alt.X("at:N", title=axes.across, sort=places, axis=alt.Axis(labelAngle=-30))
    else:
        kind = alt.Scale(type="log" if axes.wide and min(places) > 0 else "linear", nice=False, padding=8, zero=False)
        across = alt.X("at:Q", title=axes.across, scale=kind, axis=alt.Axis(values=sorted(places), format="~g"))
    base = alt.Chart(alt.Data(values=[mark._asdict() for mark in marks])).encode(
        x=across,
        y=alt.Y("value:Q", title=axes.up, axis=alt.Axis(format=axes.format)),
        tooltip=["name:N", alt.Tooltip("at", type="nominal", title=axes.across), alt.Tooltip("value:Q", format=".3f")],
    )
    line = base.mark_line().encode(**_named(names, shapes=False))
    points = base.mark_point(filled=True, size=40, opacity=1).encode(**_named(names))
    return specification(alt.layer(line, points).properties(height=260, description=axes.what))


def rows(marks: Sequence[Plotted], axes: Axes) -> Spec:
    """Return a row for each place, with a dot for each name."""
    names, places = list(dict.fromkeys(mark.name for mark in marks)), list(dict.fromkeys(mark.at for mark in marks))
    chart = (
        alt.Chart(alt.Data(values=[mark._asdict() for mark in marks]))
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            y=alt.Y("at:N", sort=places, title=None),
            x=alt.X("value:Q", title=axes.up, axis=alt.Axis(format=axes.format, tickCount=6)),
            tooltip=["name:N", "at:N", alt.Tooltip("value:Q", format=".3f")],
            **_named(names),
        )
    )
    return specification(chart.properties(height=20 * len(places) + 10, description=axes.what))


def dots(marks: Sequence[Plotted], labels: Sequence[str], axes: Axes) -> Spec:
    """Return dots over two numbers.

    Args:
        marks: the dots.
        labels: what stands beside each; empty for nothing.
        axes: what the chart says of itself.
    """
    names = list(dict.fromkeys(mark.name for mark in marks))
    values = [mark._asdict() | {"label": label} for mark, label in zip(marks, labels, strict=True)]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("at:Q", title=axes.across, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6)),
        y=alt.Y("value:Q", title=axes.up, axis=alt.Axis(format=axes.format)),
    )
    shown = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("at", "value")]
    points = base.mark_point(filled=True, size=40, opacity=0.8).encode(tooltip=["name:N", *shown], **_named(names))
    text = base.mark_text(dy=-9, fontSize=11, color=CHANCE).encode(text="label:N")
    return specification(alt.layer(points, text).properties(height=280, description=axes.what))


def grid(marks: Sequence[Plotted], axes: Axes) -> Spec:
    """Return a cell for each name (up) and place (across), the darker the higher its value, which stands in it."""
    names, places = list(dict.fromkeys(mark.name for mark in marks)), list(dict.fromkeys(mark.at for mark in marks))
    base = alt.Chart(alt.Data(values=[mark._asdict() for mark in marks])).encode(
        x=alt.X("at:N", sort=places, title=axes.across, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("name:N", sort=names, title=None),
    )
    ends = [mark.value for mark in marks]
    cells = base.mark_rect().encode(
        color=alt.Color("value:Q", scale=alt.Scale(scheme="blues"), legend=None),
        tooltip=["name:N", "at:N", alt.Tooltip("value:Q", format=".3f", title=axes.up)],
    )
    dark = alt.condition(f"datum.value > {(min(ends) + max(ends)) / 2}", alt.value("white"), alt.value("black"))
    text = base.mark_text(fontSize=11).encode(text=alt.Text("value:Q", format=axes.format), color=dark)
    return specification(alt.layer(cells, text).properties(height=30 * len(names), description=axes.what))
