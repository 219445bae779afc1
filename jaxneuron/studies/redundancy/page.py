"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import capital, claims_held, listed, percent, rate
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.redundancy import charts, figures
from jaxneuron.studies.redundancy.claims import LOSS, redundant
from jaxneuron.studies.redundancy.results import General, Gone, Ordered, Results, Task, Whence

ORDERS = {
    Ordered.SELECTED: "selected units",
    Ordered.RANKED: "units ranked by a probe",
    Ordered.RANDOM: "random",
}
"""What the orders are called."""

WHENCE = {Whence.PROBE: "in what a probe reads", Whence.MODEL: "inside the model"}


def content(run: Finished) -> dict[str, Any]:
    """Return the variables of `page.html`."""
    results: Results = run.results
    return {
        "results": results,
        "orders": ORDERS,
        "needed": [(task, [unit for unit in run.found if unit.task == task.name][:12]) for task in results.tasks],
        "charts": {f"chart-{name}": spec for name, spec in _charts(results).items()},
    }


def _charts(results: Results) -> dict[str, Spec]:
    """Return the chart of each element by its id."""
    drawn = {} if results.general is None else _general(results.general, results.sites)
    for number, task in enumerate(results.tasks):
        rows = [{"name": ORDERS[row.order], "count": row.count, "accuracy": row.accuracy} for row in task.curve]
        drawn[f"curve-{number}"] = charts.lines(
            rows,
            list(dict.fromkeys(row["name"] for row in rows)),
            across=("count", "units"),
            up=("accuracy", "test accuracy"),
            what=f"{task.name}: accuracy by the number of units",
            rules=[task.test],
        )
    if results.tasks:
        drawn |= _tasks(results.tasks)
    for whence in Whence:
        rows = [
            {"name": row.gone.value, "count": row.count, "accuracy": row.accuracy}
            for row in results.missed
            if row.whence is whence and row.count
        ]
        if rows:
            whole = next(row.accuracy for row in results.missed if row.whence is whence and not row.count)
            drawn[f"missed-{whence}"] = charts.lines(
                rows,
                [gone.value for gone in Gone],
                across=("count", "units that are taken away"),
                up=("accuracy", "accuracy of what is left"),
                what=f"Accuracy without units, {WHENCE[whence]}",
                rules=[whole],
            )
    return drawn


def _general(own: General, sites: Sequence[str]) -> dict[str, Spec]:
    everywhere = [
        {"name": "all layers together", "distance": row.distance, "share": row.share} for row in own.thresholds
    ]
    each = [
        {"name": site, "distance": row.distance, "share": row.within[place]}
        for place, site in enumerate(sites)
        for row in own.thresholds
    ]
    similar = [
        {"across": one, "down": other, "value": value}
        for other, row in zip(sites, own.similarity, strict=True)
        for one, value in zip(sites, row, strict=True)
    ]
    distances = [f"{row.distance:g}" for row in own.thresholds]
    reach = [
        {"across": str(layers + 1), "down": name, "value": value}
        for name, row in zip(distances, own.thresholds, strict=True)
        for layers, value in enumerate(row.apart)
        if value == value
    ]
    return {
        "redundant": charts.lines(
            everywhere + each,
            ["all layers together", *sites],
            across=("distance", "distance 1 − |r| up to which units are one cluster"),
            up=("share", "share of the units that is redundant"),
            what="Redundant units by the distance, of all layers and of each by itself",
        ),
        "similar": charts.shades(similar, across=sites, down=sites, titles=("", "", "Linear CKA of two layers")),
        "reach": charts.shades(
            reach,
            across=[str(layers + 1) for layers in range(len(sites))],
            down=distances,
            titles=("layers from the first to the last unit of a cluster", "distance", "Share of the clusters"),
        ),
    }


def _tasks(tasks: Sequence[Task]) -> dict[str, Spec]:
    names = [task.name for task in tasks]
    below = [
        {"name": task.name, "site": row.site, "share": row.below / task.dev} for task in tasks for row in task.depths
    ]
    alone = [
        {"name": task.name, "site": row.site, "share": row.alone / task.dev} for task in tasks for row in task.depths
    ]
    thinned = [
        {"name": task.name, "distance": row.distance, "share": row.test / task.test}
        for task in tasks
        for row in task.thinned
    ]
    share = "share of the accuracy of all units"
    return {
        "below": charts.lines(
            below,
            names,
            across=("site", ""),
            up=("share", share),
            what="Accuracy of the layers up to each, as a share of that of all",
            rules=[1 - LOSS],
        ),
        "alone": charts.lines(
            alone,
            names,
            across=("site", ""),
            up=("share", share),
            what="Accuracy of each layer alone, as a share of that of all",
        ),
        "thinned": charts.lines(
            thinned,
            names,
            across=("distance", "distance 1 − |r| up to which one unit stands for others"),
            up=("share", share),
            what="Accuracy of one unit of each cluster, as a share of that of all units",
            rules=[1 - LOSS],
        ),
    }


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    sentences = [_few(task) for task in results.tasks]
    if (own := results.general) is not None:
        sentences += [_redundant(own, results.tasks)]
    sentences += [_deep(results.tasks), _missed(results), claims_held([claim.holds for claim in run.claims])]
    return [sentence for sentence in sentences if sentence]


def _few(task: Task) -> str:
    found = task.fewest[0]
    text = (
        f"{task.name} ({task.layer} of each {task.each}): {found.units:,} of {task.units:,} units "
        f"({rate(found.units / task.units)}) are right for {rate(found.test)} of test {task.each}s; all units for "
        f"{rate(task.test)}"
    )
    return f"{text}." if found.reached else f"{text}, of which {percent(found.share)} were not reached."


def _redundant(own: General, tasks: Sequence[Task]) -> str | None:
    if not tasks:
        return None
    little, more = (redundant(own, tasks, loss) for loss in (LOSS, 0.03))
    row = min(own.thresholds, key=lambda row: abs(row.distance - 0.3))
    return (
        f"If {percent(LOSS)} of the accuracy may be lost, {rate(little)} of the units are redundant, {rate(more)} if "
        f"3% may be. At a distance of {row.distance:g}, {rate(row.share)} of all units are, and of those of one layer "
        f"alone at most {rate(max(row.within))}."
    )


def _deep(tasks: Sequence[Task]) -> str | None:
    if not tasks:
        return None
    parts = [f"{task.name} needs the lowest {task.selected} of {len(task.depths)} layers" for task in tasks]
    return f"Within {percent(LOSS)} of the accuracy of all layers, {listed(parts)}."


def _missed(results: Results) -> str | None:
    parts = []
    for whence in Whence:
        at = {(row.gone, row.count): row.accuracy for row in results.missed if row.whence is whence}
        counts = sorted({count for _, count in at if count})
        if counts:
            k = counts[len(counts) // 2]
            top, random, bottom = (rate(at[gone, k]) for gone in (Gone.TOP, Gone.RANDOM, Gone.BOTTOM))
            parts.append(
                f"{WHENCE[whence]} {top} are right without the first {k:,} units, {random} without as many at random, "
                f"{bottom} without the last and {rate(at[Gone.TOP, 0])} with all"
            )
    return f"{capital('; '.join(parts))}." if parts else None


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
