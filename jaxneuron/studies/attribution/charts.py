"""The interactive charts of the study `attribution`, as Vega-Lite specifications; each holds its own few rows."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import altair as alt

from jaxneuron.report.charts import Spec, legend, quote, specification
from jaxneuron.report.palette import CHANCE, COLOURS, DIVERGING, SHAPES
from jaxneuron.studies.attribution import distribution, extraction, labelling
from jaxneuron.studies.attribution.testing import Tested


class Measure(NamedTuple):
    """A number of the predicted token's attributions at a layer, which is drawn from layer to layer."""

    name: str
    title: str
    value: Callable[[extraction.Layer], float]
    deviation: Callable[[extraction.Layer], float] = lambda row: 0.0  # over texts


ENTROPY = Measure(
    "entropy", "entropy (bits), bins that all layers share", lambda row: row.entropy, lambda row: row.deviation.entropy
)
SPREAD = Measure("spread", "entropy (bits) of |a| / sum |a|", lambda row: row.spread, lambda row: row.deviation.spread)
SHARE = Measure("share", "score of the predicted token", lambda row: row.share)


def concepts(rows: Sequence[Tested]) -> Spec:
    """Return TCAV scores by layer: a point per concept, bars of two bootstrap deviations, a tick at the null's mean."""
    values = [
        row._asdict()
        | {"low": max(row.score - 2 * row.deviation, 0), "high": min(row.score + 2 * row.deviation, 1)}
        | {"significant": "yes" if row.holm < 0.05 else "no"}
        for row in rows
        if row.score == row.score
    ]
    names = list(dict.fromkeys(row.concept for row in rows if row.score == row.score))
    palette = [CHANCE if "control" in name else COLOURS[place % len(COLOURS)] for place, name in enumerate(names)]
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(names))]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("site:N", sort=_sites(rows), title=None, axis=alt.Axis(labelAngle=-30)),
        xOffset=alt.XOffset("concept:N", sort=names),
        color=alt.Color(
            "concept:N",
            scale=alt.Scale(domain=names, range=palette),
            legend=legend(names),
        ),
    )
    scale = alt.Scale(domain=[0, 1])
    bars = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title="TCAV score", scale=scale), y2="high:Q")
    null = base.mark_tick(thickness=1, size=12, color=CHANCE).encode(y=alt.Y("null:Q", scale=scale))
    points = base.mark_point(size=70, strokeWidth=2).encode(
        y=alt.Y("score:Q", scale=scale),
        shape=alt.Shape("concept:N", scale=alt.Scale(domain=names, range=shapes), legend=legend(names)),
        fillOpacity=alt.condition(alt.datum.significant == "yes", alt.value(1), alt.value(0)),
        fill=alt.Fill("concept:N", scale=alt.Scale(domain=names, range=palette), legend=legend(names)),
        tooltip=[
            "concept:N",
            "site:N",
            alt.Tooltip("score:Q", format=".2f"),
            alt.Tooltip("holm:Q", format=".3f", title="p (Holm)"),
            alt.Tooltip("accuracy:Q", format=".2f", title="classifier"),
        ],
    )
    return specification(
        alt.layer(bars, null, points).properties(height=280, description="TCAV score of each concept by layer")
    )


def units(rows: Sequence[labelling.Layer]) -> Spec:
    """Return how many units hold half of the attribution, by layer."""
    values = [{"site": row.site, "share": row.half / row.units, "half": row.half} for row in rows]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(color=COLOURS[1])
        .encode(
            x=alt.X("site:N", sort=_sites(rows), title=None, axis=alt.Axis(labelAngle=-30)),
            y=alt.Y("share:Q", title="units with half of it", axis=alt.Axis(format="%")),
            tooltip=["site:N", alt.Tooltip("half:Q", title="units"), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return specification(chart.properties(height=200, description="Units that hold half of the attribution by layer"))


def by_layer(layers: Mapping[str, Sequence[extraction.Layer]], measure: Measure) -> Spec:
    """Return a measure of the predicted token's attributions by layer, with a deviation up and down over the texts."""
    values = []
    for role, rows in layers.items():
        for row in rows:
            value, deviation = measure.value(row), measure.deviation(row)
            place = {"role": role, "site": row.site}
            values.append(place | {"value": value, "low": value - deviation, "high": value + deviation})
    title = measure.title
    sites = _sites(next(iter(layers.values())))
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("site:N", sort=sites, title=None, axis=alt.Axis(labelAngle=-30)),
        color=_roles(list(layers)),
    )
    band = base.mark_errorband(opacity=0.2).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    line = base.mark_line(point=True).encode(
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        strokeDash=alt.StrokeDash("role:N", scale=alt.Scale(domain=list(layers)), legend=legend(list(layers))),
        tooltip=["role:N", "site:N", alt.Tooltip("value:Q", format=".3f", title=measure.name)],
    )
    return specification(alt.layer(band, line).properties(height=220, description=f"{title} by layer"))


def heat(pieces: Sequence[str], layers: Mapping[str, Sequence[float]], role: str) -> Spec:
    """Return the tokens' scores at every layer, as shades: a row for each token, so that the text reads from the top.

    Layers go from left to right, which leaves a text of any length its place on a narrow screen.

    Args:
        pieces: of the text.
        layers: layer -> the score of each token.
        role: of the tokens.
    """
    values = [
        {"place": place, "token": piece, "site": site, "value": score}
        for site, scores in layers.items()
        for place, (piece, score) in enumerate(zip(pieces, scores, strict=True))
    ]
    every = [abs(score) for scores in layers.values() for score in scores if score == score]
    largest = max(every, default=1) or 1
    words = ", ".join(quote(piece) for piece in pieces)
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_rect()
        .encode(
            x=alt.X("site:N", sort=list(layers), title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=False)),
            y=alt.Y("place:O", title=None, axis=alt.Axis(labelExpr=f"[{words}][datum.value]", labelOverlap=False)),
            color=alt.Color(
                "value:Q",
                scale=alt.Scale(domain=[-largest, 0, largest], range=list(DIVERGING)),
                legend=alt.Legend(title=None, gradientLength=120),
            ),
            tooltip=["token:N", "site:N", alt.Tooltip("value:Q", format="+.3f", title="score")],
        )
    )
    text = f"Conductance of every token at every layer for the {role}"
    return specification(chart.properties(height=17 * len(pieces), description=text))


def boxes(rows: Sequence[distribution.Layer], role: str) -> Spec:
    """Return the quartiles and the ends of one token's attributions over the units of each layer."""
    keys = ("site", "low", "first", "median", "third", "high")
    values = [{key: getattr(row, key) for key in keys} for row in rows]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("site:N", sort=_sites(rows), title=None, axis=alt.Axis(labelAngle=-30)),
        tooltip=["site:N", *(alt.Tooltip(f"{key}:Q", format="+.4f") for key in keys[1:])],
    )
    ends = base.mark_rule(color=CHANCE).encode(y=alt.Y("low:Q", title="attribution of a unit"), y2="high:Q")
    box = base.mark_bar(size=16, color=COLOURS[1]).encode(y="first:Q", y2="third:Q")
    middle = base.mark_tick(size=16, thickness=2, color=COLOURS[0]).encode(y="median:Q")
    text = f"Attributions of the predicted {role} over the units of each layer: ends, quartiles, median"
    return specification(alt.layer(ends, box, middle).properties(height=220, description=text))


def masses(told: distribution.Distribution, role: str) -> Spec:
    """Return the mass function of each layer, in bins that all layers share: a dot for each bin that has units."""
    middles = [(low + high) / 2 for low, high in pairwise(told.edges)]
    values = [
        {"site": row.site, "at": at, "mass": part}
        for row in told.layers
        for at, part in zip(middles, row.mass, strict=True)
        if part
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_circle(size=22, opacity=0.8)
        .encode(
            x=alt.X("at:Q", title="attribution of a unit"),
            y=alt.Y("mass:Q", title="share of the units", scale=alt.Scale(type="log")),
            color=alt.Color(
                "site:N",
                sort=_sites(told.layers),
                scale=alt.Scale(scheme="viridis"),
                legend=legend(_sites(told.layers)),
            ),
            tooltip=["site:N", alt.Tooltip("at:Q", format="+.4f"), alt.Tooltip("mass:Q", format=".3f")],
        )
    )
    return specification(
        chart.properties(height=220, description=f"Distribution of the {role}'s attributions by layer")
    )


def _roles(names: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=list(COLOURS[1::-1]))
    return alt.Color("role:N", scale=scale, legend=legend(names))


def _sites(rows: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(row.site for row in rows))
