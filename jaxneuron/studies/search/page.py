"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import COLOURS, SHAPES
from jaxneuron.report.text import claims_held, number, percent
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.search import figures
from jaxneuron.studies.search.claims import BEST, NOISY, last
from jaxneuron.studies.search.results import KINDS, Fluent, Point, Requested, Results, Shown


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    made: dict[str, Spec] = {}
    for place, asked in enumerate(results.asked):
        own = [point for point in results.points if point.model == asked.model and point.kind == KINDS[0]]
        made[f"chart-passes-{place}"] = _curves(own, f"{asked.model}: score by forward passes")
        if levels := [row for row in results.fluent if row.model == asked.model]:
            made[f"chart-levels-{place}"] = _levels(levels)
    few = int(run.settings.get("shown", 12))
    return {
        "charts": made,
        "results": results,
        "controls": [*_controls(results)],
        "shown": [one for asked in results.asked for one in _some(results.shown, asked, few)],
        "largest": largest,
    }


def _some(shown: Sequence[Shown], asked: Requested, few: int) -> list[Shown]:
    return [one for one in shown if one.model == asked.model][:few]


def largest(one: Shown) -> float:
    """Return the largest contribution of a word to a text of a unit, which has the full colour."""
    return max((abs(part) for text in one.texts for part in text.parts), default=0.0) or 1.0


def _controls(results: Results) -> Iterator[tuple[str, str, dict[str, Point]]]:
    """Yield of each model and kind the largest runs of the methods that all kinds have."""
    for asked in results.asked:
        own = [point for point in results.points if point.model == asked.model]
        methods = [point.method for point in own if point.kind != KINDS[0]]
        for kind in KINDS:
            yield asked.model, kind, {name: last(own, kind, name) for name in dict.fromkeys(methods)}


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    said = []
    for asked in results.asked:
        own = [point for point in results.points if point.model == asked.model]
        best, noisy, corpus = (last(own, KINDS[0], name) for name in (BEST, NOISY, "corpus"))
        said.append(
            f"{asked.model}, {asked.site}: best comes {number(best.ratio, 3)} of the way from the corpus's mean to the "
            f"highest score known with {number(best.passes, 0)} forward passes for each unit, Gumbel softmax "
            f"{number(noisy.ratio, 3)} with {number(noisy.passes, 0)}, the corpus itself {number(corpus.ratio, 3)}."
        )
        for row in results.fluent:
            if row.model == asked.model:
                said.append(
                    f"{asked.model}: {percent(row.share)} of the units have a text as strong as the strongest of the "
                    f"corpus that is no less likely than the corpus {row.of} ({number(row.cap)} nats for each word)."
                )
    held = claims_held([claim.holds for claim in run.claims])
    return [*said, held] if held else said


def _curves(points: Sequence[Point], what: str) -> Spec:
    """Return a line for each method over the forward passes that it took."""
    names = list(dict.fromkeys(point.method for point in points))
    values = [
        {"method": point.method, "passes": point.passes, "ratio": point.ratio, "seed": point.seed} for point in points
    ]
    colours = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    shapes = [SHAPES[place % len(SHAPES)] for place in range(len(names))]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("passes:Q", title="forward passes for each target", scale=alt.Scale(type="log")),
        y=alt.Y("ratio:Q", title="of the way to the highest score known", scale=alt.Scale(zero=False)),
        color=alt.Color("method:N", scale=alt.Scale(domain=names, range=colours), legend=legend(names)),
        detail="seed:N",
        tooltip=["method:N", alt.Tooltip("passes:Q", format=",.0f"), alt.Tooltip("ratio:Q", format=".3f"), "seed:N"],
    )
    point = base.mark_point(filled=True, size=45, opacity=1).encode(
        shape=alt.Shape("method:N", scale=alt.Scale(domain=names, range=shapes), legend=legend(names))
    )
    return specification(alt.layer(base.mark_line(), point).properties(height=320, description=what))


def _levels(rows: Sequence[Fluent]) -> Spec:
    """Return how many units reach the corpus's maximum at each level of cross-entropy."""
    names = [f"cap: the corpus {row.of}" for row in rows]
    values = [
        {"cap": name, "nats": level.factor * row.cap, "share": level.share}
        for name, row in zip(names, rows, strict=True)
        for level in row.levels
        if level.factor is not None
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("nats:Q", title="cross-entropy at most, nats for each word"),
            y=alt.Y("share:Q", title="units", axis=alt.Axis(format="%")),
            color=alt.Color("cap:N", scale=alt.Scale(domain=names, range=COLOURS[: len(names)]), legend=legend(names)),
            tooltip=["cap:N", alt.Tooltip("nats:Q", format=".2f"), alt.Tooltip("share:Q", format=".0%")],
        )
    )
    return specification(chart.properties(height=240, description="Units that reach the corpus's maximum"))


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
