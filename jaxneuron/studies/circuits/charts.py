"""The interactive charts of the study, as Vega-Lite specifications."""

from collections.abc import Sequence

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.studies.circuits.results import Choice, Estimate, Kept, Outputs, UnitEffects

SIDES = {by: COLOURS[place] for place, by in enumerate(Choice) if by is not Choice.RANDOM} | {Choice.RANDOM: CHANCE}


def curves(rows: Sequence[Kept]) -> Spec:
    """Return how faithful the best units are, by what they are chosen by, beside random ones."""
    names = [*map(str, SIDES)]
    values = [{"chosen by": str(row.by), **row._replace(by=str(row.by))._asdict()} for row in rows]
    scale = alt.Scale(domain=names, range=[*SIDES.values()])
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("units:Q", scale=alt.Scale(type="log"), title="units that do as in the clean text"),
        color=alt.Color("chosen by:N", scale=scale, legend=legend(names)),
    )
    line = base.mark_line(point=True).encode(
        y=alt.Y("faithfulness:Q", title="share of the difference"),
        tooltip=["chosen by:N", "units:Q", alt.Tooltip("faithfulness:Q", format=".3f")],
    )
    band = base.mark_area(opacity=0.15).encode(y="low:Q", y2="high:Q")
    return specification(alt.layer(band, line).properties(height=300, description="Faithfulness by number of units"))


def scatter(units: Sequence[UnitEffects], by: str) -> Spec:
    """Return each unit by its exact effect and an estimate."""
    sites = list(dict.fromkeys(unit.site for unit in units))
    values = [{"site": u.site, "unit": u.unit, "exact": u.exact, "estimate": getattr(u, by)} for u in units]
    scale = alt.Scale(domain=sites, range=[COLOURS[place % len(COLOURS)] for place in range(len(sites))])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_circle(size=28, opacity=0.6)
        .encode(
            x=alt.X("exact:Q", title="effect, patched alone"),
            y=alt.Y("estimate:Q", title=f"estimated, {by}"),
            color=alt.Color("site:N", scale=scale, legend=legend(sites)),
            tooltip=["site:N", "unit:Q", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("exact", "estimate"))],
        )
    )
    return specification(chart.properties(height=240, description=f"Exact and estimated effects, {by}"))


def blocks(rows: Sequence[Estimate | Outputs]) -> Spec:
    """Return the correlation with exact effects, block by block."""
    values = [{"order": row.by, "site": site, "r": value} for row in rows for site, value in row.blocks.items()]
    names = [row.by for row in rows]
    scale = alt.Scale(domain=names, range=[SIDES[Choice(name)] for name in names])
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("site:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("r:Q", title="Pearson's r with exact effects"),
            color=alt.Color("order:N", scale=scale, legend=legend(names)),
            tooltip=["order:N", "site:N", alt.Tooltip("r:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=220, description="Agreement of estimates with exact effects by block"))
