"""What the page of the study shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import claims_held, listed, most, order, percent, rate
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.concepts import charts, figures
from jaxneuron.studies.concepts.charts import dots
from jaxneuron.studies.concepts.methods import Method, described
from jaxneuron.studies.concepts.results import (
    CHANCE,
    Agreement,
    Direction,
    Extent,
    Layer,
    Place,
    Point,
    Reader,
    Recurrence,
    Results,
    near,
    of,
    tops,
)


class Reached(NamedTuple):
    """What a ranking reaches with about 50 units and a linear probe."""

    name: str
    count: int
    accuracy: float
    bottom: float | None  # of as many units from its end
    random: float | None  # of as many random units


def content(run: Finished) -> dict[str, Any]:
    """Return the variables of `page.html`."""
    results: Results = run.results
    rankings = list(dict.fromkeys(point.ranking for point in results.curves))
    return {
        "results": results,
        "rankings": [(described(name), results.seconds.get(name)) for name in rankings],
        "tables": [
            (title, rows)
            for extent, title in ((Extent.ALL, "all layers"), (Extent.LAYER, results.layer or "one layer"))
            if (rows := _reached(results.curves, extent))
        ],
        "inside": [row for row in results.ablation if row.place is Place.MODEL],
        "examples": [(name, list(rows)) for name, rows in groupby(run.found, key=lambda row: row.name)],
        "charts": _charts(results),
    }


def _charts(results: Results) -> dict[str, Spec]:
    """Return the chart of each element by its id."""
    drawn = _curves(results) | _lost(results)
    if results.layers:
        drawn["layers"] = charts.layers(results.layers)
        code = {row.site: row.compression for row in results.layers if row.compression is not None}
        if code:
            drawn["mdl"] = charts.bars(code, "compression (uniform code / online code)", "Compression by layer")
    if results.classes:
        drawn["classes"] = charts.classes(results.classes, results.sites)
    if results.where:
        spread = dict(zip(results.sites, results.where.share, strict=True))
        title = f"share of the top {results.where.count}"
        drawn["where"] = charts.bars(spread, title, "Where the top units are", rule=1 / len(results.sites))
    if own := results.agreement:
        names = [described(name).name for name in own.methods]
        drawn["agreement"] = charts.heat(names, own.overlap, "overlap", "Overlap of the top units")
    if (own := results.languages) and own.pairs:
        drawn["languages"] = charts.bars(
            {f"{pair.one} & {pair.other}": pair.overlap for pair in own.pairs},
            "mean overlap of the top units",
            "Overlap of the top units between languages",
            rule=own.chance,
        )
    return {f"chart-{name}": spec for name, spec in drawn.items()}  # a section may have the name


def _curves(results: Results) -> dict[str, Spec]:
    drawn, colours = {}, charts.colours_of(results)
    for extent in Extent:
        for probe in Reader:
            if points := of(results.curves, extent, probe):
                what = f"Test accuracy of a {probe} probe by the number of units, for each ranking"
                found = dots(points, "accuracy")
                drawn[f"curves-{extent}-{probe}"] = charts.curves(found, colours, title="test accuracy", what=what)
    gaussian = of(results.curves, Extent.LAYER, Reader.GAUSSIAN)
    if bits := dots([point for point in gaussian if point.direction is Direction.TOP], "information"):
        title, what = "mutual information (bits)", "Mutual information by units"
        drawn["information"] = charts.curves(bits, colours, title=title, what=what)
    return drawn


LOST = (
    (Place.REPRESENTATION, "accuracy", "accuracy of the probe"),
    (Place.MODEL, "property", "accuracy of a probe after the last layer"),
    (Place.MODEL, "perplexity", "perplexity of hidden words"),
)
"""Where units are taken away, the field of `Lost` that is drawn, and what it is called."""


def _lost(results: Results) -> dict[str, Spec]:
    drawn, colours = {}, charts.colours_of(results)
    for place, measure, title in LOST:
        if found := dots([row for row in results.ablation if row.place is place and row.count], measure):
            what = f"{title} without some units"
            drawn[f"ablation-{place}-{measure}"] = charts.curves(found, colours, title=title, what=what)
    return drawn


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    sentences = [
        _accuracy(results),
        _few(results),
        _best(_reached(results.curves, Extent.ALL)),
        _layer(results.layers),
        _used(results),
        _agree(results.agreement),
        _recur(results.languages),
        claims_held([claim.holds for claim in run.claims]),
    ]
    return [sentence for sentence in sentences if sentence]


def _accuracy(results: Results) -> str | None:
    own = results.accuracy
    if own is None:
        return None
    return (
        f"A linear probe of all {own.units:,} units tells {own.layer} right for {rate(own.test)} of test "
        f"words (always the most frequent class: {rate(own.majority)}; "
        f"the word's most frequent: {rate(own.lexicon)})."
    )


def _few(results: Results) -> str | None:
    if results.accuracy is None or results.accuracy.layer not in results.properties:
        return None
    fewest = results.properties[results.accuracy.layer].minimal
    share = fewest.units / results.accuracy.units
    return f"{fewest.units} units ({rate(share)}) are enough for {percent(fewest.share)} of that accuracy."


def _best(best: Sequence[Reached]) -> str | None:
    if not best:
        return None
    first, last = best[0], best[-1]
    text = f"The {first.count} first units of "
    if len(best) > 1 and order(first.accuracy, last.accuracy, rate) == 0:
        text += f"every ranking reach {rate(first.accuracy)}"
    else:
        leaders = most(best, lambda row: row.accuracy, rate)
        text += f"the best ranking ({listed(_names(leaders))}) reach {rate(first.accuracy)}"
        text += f", those of the worst ({last.name}) {rate(last.accuracy)}" if len(best) > 1 else ""
    random = first.random
    if random is None:
        return f"{text}."
    text += f"; as many random ones {rate(random)}"
    below = [row for row in best if order(row.accuracy, random, rate) <= 0]
    return text + (f", which {listed(_names(below))} did not exceed." if below else ".")


def _names(rows: Sequence[Reached]) -> list[str]:
    return [row.name for row in rows]


def _layer(rows: Sequence[Layer]) -> str | None:
    if not rows:
        return None
    best = most(rows, lambda row: row.accuracy, rate)
    chosen = most(rows, lambda row: row.selectivity, rate)
    text = f"{_layers(best)} tell{'s' if len(best) == 1 else ''} most ({rate(best[0].accuracy)})"
    same = "the same" if chosen == best else _layers(chosen).lower()
    verb = "is" if len(chosen) == 1 else "are"
    return f"{text}; {same} {verb} most selective ({rate(chosen[0].selectivity)} above a control task)."


def _layers(rows: Sequence[Layer]) -> str:
    return f"The layer{'s' if len(rows) > 1 else ''} {listed([row.site for row in rows])}"


def _used(results: Results) -> str | None:
    rows = [row for row in results.ablation if row.place is Place.MODEL and row.property is not None]
    random = {row.count: row.property or 0.0 for row in rows if row.direction is Direction.RANDOM}
    if not random:
        return None
    level = sorted(random)[len(random) // 2]
    left = {row.ranking: row.property or 0.0 for row in rows if row.count == level and row.direction is Direction.TOP}
    if not left:
        return None
    missed = most(list(left), lambda name: -left[name], rate)
    lowest = left[missed[0]]
    names = listed([described(name).name for name in missed])
    than = {-1: "less than", 0: "as much as", 1: "more than"}[order(lowest, random[level], rate)]
    whole = next((f"; with all units {rate(row.property)}" for row in rows if row.ranking == Method.NOTHING), "")
    return (
        f"When the model loses the {level} first units of {names} at {results.layer}, which it misses most, "
        f"{rate(lowest)} can be read after its last layer, {than} without {level} random units "
        f"({rate(random[level])}{whole})."
    )


def _agree(own: Agreement | None) -> str | None:
    if own is None:
        return None
    mean = sum(own.average_overlap.values()) / len(own.average_overlap)
    best = max(own.neuron_vote, key=lambda name: own.neuron_vote[name])
    return (
        f"Two rankings share on average {percent(own.mean_overlap)} of their first {own.count} units "
        f"(mean Jaccard index {mean:.2f}); the one nearest to the vote of the others is {described(best).name}."
    )


def _recur(own: Recurrence | None) -> str | None:
    if own is None or not own.pairs:
        return None
    mean = sum(pair.overlap for pair in own.pairs) / len(own.pairs)
    return (
        f"Between languages, {percent(mean)} of the first {own.count} units of a class recur; "
        f"by chance it would be {rate(own.chance)}."
    )


def _reached(curves: Sequence[Point], extent: Extent) -> list[Reached]:
    """Return what the rankings reach with about 50 units and a linear probe, best first."""
    at = near(of(curves, extent, Reader.LINEAR), 50)
    accuracy = {key: point.accuracy for key, point in at.items()}
    count = next((point.count for point in at.values()), 0)
    made = [
        Reached(described(name).name, count, top, accuracy.get((name, Direction.BOTTOM)), accuracy.get(CHANCE))
        for name, top in tops(at).items()
    ]
    return sorted(made, key=lambda row: -row.accuracy)


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
