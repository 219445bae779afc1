"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import claims_held, rate
from jaxneuron.studies import _charts
from jaxneuron.studies._charts import Axes, Plotted
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.translation.claims import SHARES
from jaxneuron.studies.translation.results import Results, Success, Switch


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    made: dict[str, Spec] = {}
    panels = []
    for place, row in enumerate(results.switches):
        own = [one for one in results.successes if (one.of, one.by, one.beyond) == (row.of, row.by, row.beyond)]
        marks = [Plotted(one.site, one.count, one.held_out) for one in own]
        axes = Axes("units that are turned", "translations that turn", f"{row.of}: translations that turn", wide=True)
        made[f"chart-{place}"] = _charts.lines(marks, axes)
        panels.append((f"chart-{place}", f"{row.of}: units by {row.by}, moved {1 + row.beyond:g} times the distance"))
    best = [_best(results.successes, row, site) for row in results.switches for site in _sites(results.successes)]
    return {"charts": made, "results": results, "panels": panels, "best": best, "published": SHARES}


def _sites(rows: Sequence[Success]) -> list[str]:
    return list(dict.fromkeys(row.site for row in rows))


def _best(rows: Sequence[Success], switch: Switch, site: str) -> Success:
    """Return what turns most of the finding sentences at a site."""
    own = [row for row in rows if (row.of, row.site) == (switch.of, site)]
    return max(own, key=lambda row: (row.finding, -row.count))


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    said = []
    for row in results.switches:
        units = f"{len(row.units)} unit{'s' * (len(row.units) > 1)} of {row.site}"
        said.append(
            f"{row.of.capitalize()}: {units}, turned at the words that bear it, turn {rate(row.turned)} of the "
            f"translations of held-out sentences (published: {rate(SHARES[row.of])}); as many at random "
            f"{rate(row.random)}, all units of the layer {rate(row.whole)}."
        )
    held = claims_held([claim.holds for claim in run.claims])
    return [*said, held] if held else said


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines)
