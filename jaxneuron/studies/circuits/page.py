"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from jaxneuron.report.text import claims_held, number, percent
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.circuits import charts
from jaxneuron.studies.circuits.claims import closest, fewest, kept
from jaxneuron.studies.circuits.results import ORDERS, Choice, Results

SHOWN = 30
"""Units that the page lists."""


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    made = {"curves": charts.curves(results.kept), "blocks": charts.blocks(results.agreement)}
    made["outputs"] = charts.blocks(results.outputs)
    made |= {f"scatter-{order}": charts.scatter(run.found, order) for order in ORDERS[:3]}
    best = sorted(run.found, key=lambda unit: -abs(unit.exact))[:SHOWN]
    panels = [(f"scatter-{row.by}", f"{row.by}: r = {row.pearson:.3f}") for row in results.agreement[:3]]
    return {"charts": made, "results": results, "best": best, "panels": panels, "drawing": Markup(results.graph.svg)}


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    asked, few = results.asked, fewest(results, Choice.INTEGRATED)
    size = closest(results, few or asked.units)
    agree = {row.by: row for row in results.agreement}
    said = [
        f"The model prefers the right verb in {percent(asked.right)} of the pairs, and turns with the subject in "
        f"{percent(asked.flips)}.",
        f"{size:,} of {asked.units:,} units carry {percent(kept(results, Choice.INTEGRATED, size).faithfulness)} of "
        f"the difference on pairs that they were not found with; as many random units "
        f"{percent(kept(results, Choice.RANDOM, size).faithfulness)}.",
        "Correlation of estimates with exact effects: "
        + ", ".join(f"{order} {number(agree[order].pearson, 3)}" for order in ORDERS)
        + ".",
    ]
    held = claims_held([claim.holds for claim in run.claims])
    return [*said, held] if held else said


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines)
