"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import claims_held, listed, number, rate
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.switch import charts, figures
from jaxneuron.studies.switch.claims import HALF, most
from jaxneuron.studies.switch.results import Forced, Forcing, Picked, Results, Switched, Turned

NAMES = {
    Picked.EFFECT: "by the effect of each alone",
    Picked.CORRELATION: "by correlation with the value",
    Picked.RANDOM: "random units",
}
"""What the orders are called."""


def content(run: Finished) -> dict[str, Any]:
    """Return the variables of `page.html`."""
    results: Results = run.results
    made: dict[str, Spec] = {}
    panels: dict[str, list[tuple[str, str]]] = {"flips": [], "cost": [], "induced": []}
    for place, row in enumerate(results.switched):
        title = f"{row.model}, {row.of}: at {row.site}"
        own = [one for one in results.turned if _is_of(one, row)]
        rows = [{"name": NAMES[one.by], "count": one.count, "share": one.held_out, "rise": one.rise} for one in own]
        across, up = "units that are turned", "held-out pairs that flip"
        options: dict[str, Any] = {"across": across, "up": up, "what": title, "rules": [HALF]}
        made[f"flips-{place}"] = charts.lines(rows, [*NAMES.values()], **options)
        made[f"cost-{place}"] = charts.cost(rows, [*NAMES.values()], f"{title}: what it costs")
        panels["flips"].append((f"flips-{place}", title))
        panels["cost"].append((f"cost-{place}", title))
    for place, model in enumerate(dict.fromkeys(row.model for row in results.forced)):
        own = [row for row in results.forced if row.model == model]
        rows = [{"name": name, "count": count, "share": share} for name, count, share in curves(own)]
        options = {
            "across": "units that are forced",
            "up": "words of the concept",
            "what": f"{model}: induced concepts",
        }
        made[f"induced-{place}"] = charts.lines(rows, list(dict.fromkeys(row["name"] for row in rows)), **options)
        panels["induced"].append((f"induced-{place}", model))
    return {
        "results": results,
        "panels": panels,
        "sites": _sites(results),
        "written": [row for row in results.forced if row.forcing is Forcing.EXPERTS],
        "charts": made,
    }


def _is_of(one: Turned, row: Switched) -> bool:
    return (one.model, one.of, one.site, one.beyond) == (row.model, row.of, row.site, row.beyond)


def curves(rows: Sequence[Forced]) -> Iterator[tuple[str, int, float]]:
    """Yield the share of each concept's words by the number of experts, and the mean of all with random units."""
    for row in rows:
        if row.forcing is Forcing.EXPERTS:
            yield row.concept, row.count, row.share
    other = [row for row in rows if row.forcing is Forcing.RANDOM]
    for count in sorted({row.count for row in other}):
        shares = [row.share for row in other if row.count == count]
        yield "random units, mean", count, sum(shares) / len(shares)


def _sites(results: Results) -> list[tuple[str, str, str, Turned]]:
    """Return of each model, property and site the number of units that flips most of the finding pairs."""
    best: dict[tuple[str, str, str], Turned] = {}
    for row in results.turned:
        key = row.model, row.of, row.site
        if row.by is Picked.EFFECT and (key not in best or row.finding > best[key].finding):
            best[key] = row
    return [(*key, row) for key, row in best.items()]


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    said = [_switch(row) for row in results.switched]
    for model in dict.fromkeys(row.model for row in results.forced):
        said.append(_induced([row for row in results.forced if row.model == model]))
    return [one for one in (*said, claims_held([claim.holds for claim in run.claims])) if one]


def _switch(row: Switched) -> str:
    few = f"{len(row.units)} unit{'s' * (len(row.units) > 1)} of {row.site}"
    guessed = ", no better than guessing" if row.right <= 0.5 else ""
    return (
        f"{row.model}, {row.of}: turning {few} flips {rate(row.flipped)} of the held-out pairs that were right "
        f"({rate(row.right)} of {row.pairs}{guessed}); as many others at random flip {rate(row.random)}. Turned at "
        f"every word of ordinary text, they raise its perplexity by {rate(row.rise)}."
    )


def _induced(rows: Sequence[Forced]) -> str:
    names = list(dict.fromkeys(row.concept for row in rows))
    free = sum(row.share for row in rows if not row.count and row.forcing is Forcing.EXPERTS) / len(names)
    parts = []
    for forcing in Forcing:
        tops = [most([row for row in rows if row.concept == name], forcing) for name in names]
        parts.append(
            f"{rate(sum(tops) / len(tops))} with {'experts' if forcing is Forcing.EXPERTS else 'random units'}"
        )
    last = max(row.count for row in rows)
    read = [row.perplexity for row in rows if row.forcing is Forcing.EXPERTS and row.count == last]
    return (
        f"{rows[0].model}: of the words written, {rate(free)} are of a concept on average over {len(names)} of them, "
        f"and at most {listed(parts)} forced. With {last} experts, what is written has a perplexity of "
        f"{number(sum(read) / len(read), 1)} in the model as it is."
    )


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
