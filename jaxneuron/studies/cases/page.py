"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from jaxneuron.report.charts import Spec, legend, specification
from jaxneuron.report.palette import CHANCE, COLOURS
from jaxneuron.report.text import claims_held, listed, number, percent
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.cases.claims import CLEAR, clear, turns
from jaxneuron.studies.cases.results import Case, Results

FULL = 3.0
"""Standard deviations at which a word has its full colour."""


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    measured = [case for case in results.cases if case.auroc is not None]
    made = {"chart-told": _told(measured)} if measured else {}
    if along := [case for case in measured if case.along]:
        made["chart-along"] = _along(along)
    return {"charts": made, "results": results, "measured": measured, "clear": clear, "full": FULL}


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    found = [f"“{case.name}”" for case in results.cases if clear(case)]
    missed = [f"“{case.name}”" for case in results.cases if clear(case) is False]
    few = [f"“{case.name}”" for case in results.cases if clear(case) is None]
    said = []
    if found:
        said.append(f"One unit tells the words of {listed(found)} on other text (area at least {CLEAR:g}).")
    if missed:
        said.append(f"No unit does so for {listed(missed)}.")
    if few:
        said.append(f"The text has too few words of {listed(few)}.")
    for row in results.turned:
        flips = row.kind == "flipped"
        if turns(row):
            effect = percent(row.effect) if flips else f"{number(row.effect)} standard deviations"
            neutral = percent(row.neutral) if flips else number(row.neutral)
            does = "is flipped by “not” in" if flips else "moves away from the middle by “very”, by"
            said.append(f"The unit of sentiment {row.site}, {row.unit} {does} {effect} (“also”: {neutral}).")
        else:
            said.append(f"No unit of sentiment is {row.kind} by “{'not' if flips else 'very'}”.")
    held = claims_held([claim.holds for claim in run.claims])
    return [*said, held] if held else said


def _told(cases: Sequence[Case]) -> Spec:
    """Return how well the unit of each case tells its words, with the interval, beside the control."""
    names = ["the case", "shifted labels"]
    values = [{"case": c.name, "of": names[0], "auroc": c.auroc, "low": c.low, "high": c.high} for c in cases]
    values += [
        {"case": c.name, "of": names[1], "auroc": c.control, "low": c.control, "high": c.control_high} for c in cases
    ]
    scale = alt.Scale(domain=names, range=[COLOURS[0], CHANCE])
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("case:N", sort=None, title=None), color=alt.Color("of:N", scale=scale, legend=legend(names))
    )
    point = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X("auroc:Q", title="area under the ROC curve", scale=alt.Scale(zero=False)),
        tooltip=["case:N", "of:N", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("auroc", "low", "high"))],
    )
    rule = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    return specification(
        alt.layer(rule, point).properties(height=22 * len(cases), description="Area under the ROC curve")
    )


def _along(cases: Sequence[Case]) -> Spec:
    """Return what the units of places do along the sentences."""
    names = [f"{case.site}, {case.unit} ({case.name})" for case in cases]
    values = [
        {"unit": name, "tenth": tenth + 1, "value": value}
        for name, case in zip(names, cases, strict=True)
        for tenth, value in enumerate(case.along)
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("tenth:O", title="tenth of the sentence", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title="mean, standard deviations"),
            color=alt.Color("unit:N", scale=alt.Scale(domain=names, range=COLOURS[: len(names)]), legend=legend(names)),
            tooltip=["unit:N", "tenth:O", alt.Tooltip("value:Q", format=".3f")],
        )
    )
    return specification(chart.properties(height=220, description="Units of places along the sentences"))


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines)
