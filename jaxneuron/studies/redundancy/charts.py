"""The interactive charts of the study, as Vega-Lite specifications; each holds its own few rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS, SHAPES

Row = Mapping[str, Any]


def lines(
    rows: Sequence[Row],
    names: Sequence[str],
    *,
    across: tuple[str, str],
    up: tuple[str, str],
    what: str,
    rules: Sequence[float] = (),
) -> Spec:
    """Return a line for each name, with a point at each value.

    Args:
        rows: with the field `name`, and those of the axes.
        names: in the order of the legend; "random" is drawn in grey.
        across: field and title of the horizontal axis: numbers, on a logarithmic axis if they are whole, or words.
        up: field and title of the vertical axis.
        what: the chart shows, for readers who do not see it.
        rules: values of the vertical axis at which a dashed line is drawn.
    """
    colours = [CHANCE if name == "random" else COLOURS[number % len(COLOURS)] for number, name in enumerate(names)]
    kind = type(rows[0][across[0]])
    axis = {
        int: {"scale": alt.Scale(type="log", nice=False, padding=8)},
        float: {"scale": alt.Scale(zero=False, nice=False, padding=8)},
        str: {"sort": list(dict.fromkeys(row[across[0]] for row in rows)), "axis": alt.Axis(labelAngle=-30)},
    }[kind]
    place = f"{across[0]}:{'N' if kind is str else 'Q'}"
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X(place, title=across[1] or None, **axis),
        y=alt.Y(f"{up[0]}:Q", title=up[1], scale=alt.Scale(zero=False)),
        color=alt.Color("name:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend(names)),
        tooltip=["name:N", place, alt.Tooltip(f"{up[0]}:Q", title=up[1], format=".3f")],
    )
    shapes = [SHAPES[number % len(SHAPES)] for number in range(len(names))]
    points = base.mark_point(filled=True, size=36, opacity=1).encode(
        shape=alt.Shape("name:N", scale=alt.Scale(domain=list(names), range=shapes), legend=legend(names))
    )
    across_all = [
        alt.Chart(alt.Data(values=[{"at": value}])).mark_rule(strokeDash=[5, 3], color=CHANCE).encode(y="at:Q")
        for value in rules
    ]
    return specification(alt.layer(base.mark_line(), points, *across_all).properties(height=280, description=what))


def shades(rows: Sequence[Row], *, across: Sequence[str], down: Sequence[str], titles: tuple[str, str, str]) -> Spec:
    """Return a table as shades, with the numbers in it.

    Args:
        rows: with the fields `across`, `down` and `value`, from 0 to 1.
        across: the columns.
        down: the rows.
        titles: of the columns, of the rows, and of the values.
    """
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("across:N", sort=list(across), title=titles[0] or None, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("down:N", sort=list(down), title=titles[1] or None),
        tooltip=["across:N", "down:N", alt.Tooltip("value:Q", format=".3f", title=titles[2])],
    )
    filled = base.mark_rect().encode(
        color=alt.Color("value:Q", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None)
    )
    numbers = base.mark_text(fontSize=11).encode(
        text=alt.Text("value:Q", format=".2f"),
        color=alt.condition(alt.datum.value > 0.5, alt.value("white"), alt.value("black")),
    )
    return specification(alt.layer(filled, numbers).properties(height=28 * len(down), description=titles[2]))
