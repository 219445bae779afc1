"""The interactive charts of the study, as Vega-Lite specifications."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.studies.recurrence.results import Alike, End, Erased, Found, Ranking

BINS = 25

SIDES = {"units": COLOURS[0], "rotated": CHANCE}
ENDS = {End.MOST: COLOURS[0], End.LEAST: COLOURS[1], End.RANDOM: CHANCE}


def spread(found: Sequence[Found], site: str) -> Spec:
    """Return how many units have which mean correlation with their partners, and with rotated models."""
    rows = [row for row in found if row.site == site]
    values = []
    for side, scores in (("units", [row.mean for row in rows]), ("rotated", [row.rotated for row in rows])):
        counts, edges = np.histogram(scores, BINS, (0, 1))
        values += [
            {"from": float(low), "to": float(high), "units": int(count), "other model": side}
            for count, low, high in zip(counts, edges, edges[1:], strict=False)
        ]
    scale = alt.Scale(domain=[*SIDES], range=[*SIDES.values()])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X("from:Q", bin="binned", title="correlation with the best of another model"),
            x2="to:Q",
            y=alt.Y("units:Q", stack=None),
            color=alt.Color("other model:N", scale=scale, legend=legend([*SIDES])),
            tooltip=["other model:N", alt.Tooltip("from:Q", format=".2f"), "units:Q"],
        )
    )
    return specification(chart.properties(height=220, description=f"Correlations of the units of {site}"))


def similarity(rows: Sequence[Alike], measure: str, sites: Sequence[str]) -> Spec:
    """Return the mean similarity of layers over every two models as a heat map.

    Args:
        rows: of all models and layers.
        measure: which.
        sites: whose units.
    """
    table = mean_table(rows, measure)
    values = [
        {"layer": site, "of another seed": other, "similarity": float(table[i, j])}
        for i, site in enumerate(sites)
        for j, other in enumerate(sites)
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("of another seed:N", sort=[*sites], axis=alt.Axis(labelAngle=0)), y=alt.Y("layer:N", sort=[*sites])
    )
    colour = alt.Color("similarity:Q", scale=alt.Scale(domain=[0, 1], range=["#f2f2f2", COLOURS[1]]), legend=None)
    dark = alt.condition("datum.similarity > 0.6", alt.value("white"), alt.value("black"))
    written = base.mark_text().encode(text=alt.Text("similarity:Q", format=".2f"), color=dark)
    chart = alt.layer(base.mark_rect().encode(color=colour), written)
    return specification(chart.properties(height=48 * len(sites), description=f"{measure} of every two layers"))


def mean_table(rows: Sequence[Alike], measure: str) -> np.ndarray:
    """Return the mean similarity of layers over every two models."""
    return np.mean([row.table for row in rows if row.measure == measure], axis=0)


def erased(rows: Sequence[Erased], site: str, ranking: Ranking) -> Spec:
    """Return what is lost without the units of a site that recur most, least, and random ones.

    Args:
        rows: of all models and layers.
        site: where the units are.
        ranking: the order of units.
    """
    own = [row for row in rows if row.site == site and (row.ranking == ranking or row.end == End.RANDOM)]
    scale = alt.Scale(domain=[*map(str, ENDS)], range=[*ENDS.values()])
    chart = (
        alt.Chart(alt.Data(values=[{"units": row.end, "share": row.share, "nats": row.nats} for row in own]))
        .mark_line(point=True)
        .encode(
            x=alt.X("share:Q", title="share of the layer's units", axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("nats:Q", title="loss, nats per word more"),
            color=alt.Color("units:N", scale=scale, legend=legend([*map(str, ENDS)])),
            tooltip=["units:N", alt.Tooltip("share:Q", format=".0%"), alt.Tooltip("nats:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=220, description=f"Loss without units of {site}, by {ranking}"))


def together(found: Sequence[Found]) -> Spec:
    """Return each unit by its best partner and by all units of another model together."""
    sites = list(dict.fromkeys(row.site for row in found))
    values = [
        {"site": row.site, "unit": row.unit, "best partner": row.maximum, "all units": row.regression} for row in found
    ]
    scale = alt.Scale(domain=sites, range=list(COLOURS[: len(sites)]))
    dots = (
        alt.Chart(alt.Data(values=values))
        .mark_circle(size=24, opacity=0.5)
        .encode(
            x=alt.X("best partner:Q", title="largest |r| with a unit"),
            y=alt.Y("all units:Q", title="R with all units"),
            color=alt.Color("site:N", scale=scale, legend=legend(sites)),
            tooltip=["site:N", "unit:Q", *(alt.Tooltip(f"{n}:Q", format=".3f") for n in ("best partner", "all units"))],
        )
    )
    ends = alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])
    line = alt.Chart(ends).mark_line(strokeDash=[4, 3], color="#888").encode(x="x:Q", y="y:Q")
    description = "Each unit by its best partner and by all units of another seed"
    return specification(alt.layer(line, dots).properties(height=280, description=description))
