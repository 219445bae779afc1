"""What the page of the study shows, gathered from its run: the template only lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxneuron.report.charts import Spec, learning_curves
from jaxneuron.report.text import claims_held, number, percent
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.recurrence import charts, figures
from jaxneuron.studies.recurrence.claims import corresponding, overall
from jaxneuron.studies.recurrence.results import Found, Ranking, Results

SHOWN = 20
"""Units of each end that the page lists."""

MEASURES = {"cka": "CKA", "svcca": "SVCCA", "pwcca": "PWCCA"}


def content(run: Finished) -> dict[str, Any]:
    """Return what the template shows."""
    results: Results = run.results
    made: dict[str, Spec] = {"both": charts.together(run.found)}
    panels: dict[str, list[tuple[str, str]]] = {"spread": [], "alike": [], "erased": []}
    for place, site in enumerate(results.sites):
        made[f"spread{place}"] = charts.spread(run.found, site)
        panels["spread"].append((f"spread{place}", site))
    for measure, name in MEASURES.items():
        made[f"alike-{measure}"] = charts.similarity(results.alike, measure, results.sites)
        panels["alike"].append((f"alike-{measure}", name))
    for place, site in enumerate(dict.fromkeys(row.site for row in results.erased)):
        for ranking in Ranking:
            made[f"erased{place}-{ranking}"] = charts.erased(results.erased, site, ranking)
            panels["erased"].append((f"erased{place}-{ranking}", f"{site}, by {ranking}"))
    if results.models[0].curves:
        made["curves"] = learning_curves(results.models[0].curves)
    ordered = sorted(run.found, key=lambda row: -row.excess)
    lists = [("that recur most", ordered[:SHOWN]), ("that recur least", ordered[: -SHOWN - 1 : -1])]
    return {"charts": made, "panels": panels, "lists": lists, "results": results, "beside": beside}


def beside(row: Found) -> str:
    """Return the words of a unit's partner."""
    return ("lowest at " if row.falls else "") + ", ".join(row.partner_words)


def headlines(run: Finished) -> Sequence[str]:
    """Return the main findings."""
    results: Results = run.results
    scores = results.scores
    said = [
        f"Half of the units have a partner in each other seed with a correlation of {number(overall(scores, 'mean'))} "
        f"or more on average; in rotated models it is {number(overall(scores, 'rotated'))}.",
        f"{percent(overall(scores, 'better'))} of the units have a better partner among units than among as many "
        f"random directions, and {percent(overall(scores, 'universal'), 1)} are universal: better by 0.5.",
        f"Layers are most like the same layer of another seed in {percent(corresponding(results.alike, 'cka'))} of the "
        f"cases by CKA, in {percent(corresponding(results.alike, 'svcca'))} by SVCCA.",
        f"The models have a perplexity of {', '.join(number(one.perplexity, 1) for one in results.models)} on held-out "
        f"text; one that counts words {number(results.models[0].unigram, 1)}.",
    ]
    held = claims_held([claim.holds for claim in run.claims])
    return [*said, held] if held else said


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
