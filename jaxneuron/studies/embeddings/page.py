"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import claims_held, number, percent
from jaxneuron.studies import _charts
from jaxneuron.studies._charts import Axes, Plotted
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.embeddings.claims import ahead, dominant
from jaxneuron.studies.embeddings.experts import star
from jaxneuron.studies.embeddings.results import GAMMAS, STATIC, Results


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    made: dict[str, Spec] = {}
    if results.erased:
        made["chart-erased"] = _erased(results)
    few = []
    for place, of in enumerate(dict.fromkeys(row.of for row in results.few)):
        marks = [Plotted(row.source, row.count, row.told) for row in results.few if row.of == of]
        axes = Axes("units", "share of the entropy that is told", f"{of} by the number of units", wide=True)
        made[f"chart-few-{place}"] = _charts.lines(marks, axes)
        few.append((f"chart-few-{place}", of))
    if results.classes:
        first = [row for row in results.classes if row.source == STATIC]
        order = [row.name for row in sorted(first, key=lambda row: -row.units)]
        held = sorted(results.classes, key=lambda row: order.index(row.name))
        marks = [Plotted(row.source, row.name, row.units / row.of) for row in held]
        made["chart-classes"] = _charts.rows(marks, Axes("", "units with half of the weight", "Units of each class"))
    places, grids = [], []
    for place, name in enumerate(dict.fromkeys(row.source for row in results.blocks)):
        rows = [row for row in results.blocks if row.source == name]
        marks = [Plotted(row.of, site, share) for row in rows for site, share in zip(row.sites, row.share, strict=True)]
        made[f"chart-blocks-{place}"] = _charts.lines(marks, Axes("", "of the first units", f"Units by block, {name}"))
        places.append((f"chart-blocks-{place}", name))
        own = [row for row in results.parts if row.source == name]
        marks = [Plotted(row.part, str(row.block), fmean(row.best)) for row in own]
        axes = Axes("block", "best average precision", f"Experts by part of a block, {name}", ".2f")
        made[f"chart-parts-{place}"] = _charts.grid(marks, axes)
        grids.append((f"chart-parts-{place}", name))
    if results.experts:
        marks = [Plotted(row.source, row.gamma, row.units) for row in results.experts]
        marks += [Plotted(f"shuffled, {row.source}", row.gamma, row.shuffled) for row in results.experts]
        axes = Axes("average precision of at least", "units that are experts", "Share of experts", ".1%")
        made["chart-experts"] = _charts.lines(marks, axes)
    return {
        "charts": made,
        "results": results,
        "few": few,
        "places": places,
        "grids": grids,
        "dominant": dominant(results),
        "gammas": GAMMAS,
        "star": star(results.experts) if results.experts else None,
    }


def _erased(results: Results) -> Spec:
    """Return what each unit is worth, over how it goes with frequency."""
    marks, labels, marked = [], [], dominant(results)
    for dropout, name in ((False, "without dropout"), (True, "with dropout")):
        rows = [row for row in results.erased if row.dropout is dropout and not row.without]
        for unit, frequent in enumerate(results.frequent):
            marks.append(Plotted(name, frequent, median(row.importance[unit] for row in rows)))
            labels.append(str(unit + 1) if unit in marked and not dropout else "")
    axes = Axes("rank correlation with the word's frequency", "growth of the loss", "Importance of each unit")
    return _charts.dots(marks, labels, axes)


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    return [one for one in (*_said(results), claims_held([claim.holds for claim in run.claims])) if one]


def _said(results: Results) -> Iterator[str]:
    if units := dominant(results):
        rows = [row for row in results.erased if not row.dropout and not row.without]
        unit = units[0]
        gone, mean = (median(side) for side in zip(*((r.importance[unit], r.at_mean[unit]) for r in rows), strict=True))
        yield (
            f"Of the {len(results.frequent)} units of the static vectors, {unit + 1} (counted from 1) is missed most: "
            f"the loss of {len(rows)} classifiers grows by {percent(gone)} where it is nought (median), and by "
            f"{percent(mean)} where it is at its mean. Its rank correlation with how frequent a word is: "
            f"{number(results.frequent[unit])}."
        )
    for name in dict.fromkeys(row.source for row in results.blocks):
        pairs = ahead(results.few, STATIC, f"{name}, last layer", 2)
        told, right = sum(more > 0 for _, more, _ in pairs), sum(more > 0 for _, _, more in pairs)
        yield (
            f"Two units of static vectors tell more than two of the last layer of {name} in {told} of {len(pairs)} "
            f"properties, and are right more often in {right}."
        )
    if results.experts:
        gamma = star(results.experts)
        shares = [f"{percent(row.units, 2)} of {row.source}" for row in results.experts if row.gamma == gamma]
        yield f"Experts, units that tell a word with an average precision of at least {gamma:g}: {'; '.join(shares)}."


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines)
