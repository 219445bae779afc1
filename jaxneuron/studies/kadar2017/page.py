"""What the page shows, gathered from a run."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from jaxneuron.report.charts import learning_curves
from jaxneuron.report.figures import losses
from jaxneuron.report.text import capital, claims_held, known, number, percent
from jaxneuron.studies import Page
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.kadar2017 import charts, figures
from jaxneuron.studies.kadar2017.results import (
    PART,
    RELATION,
    TEXTUAL,
    VISUAL,
    WORD,
    Example,
    Found,
    Results,
    of,
)


class Shade(NamedTuple):
    """A word of an example."""

    word: str
    part: str
    score: float
    weight: float  # of its colour, from 0 to 1


class Unit(NamedTuple):
    """A unit and the contexts in which it is highest."""

    network: str
    unit: int
    bits: float
    contexts: list[Found]


class Contexts(NamedTuple):
    """The units that tell most about one kind of context."""

    title: str
    order: int
    kind: str
    units: dict[str, list[Unit]]  # network ->


def content(run: Finished) -> dict[str, Any]:
    """Return the template's own variables."""
    results: Results = run.results
    drawn = {
        "parts": charts.scores(results.categories[PART], "part of speech"),
        "parts-ratio": charts.log_ratios(results.categories[PART], "part of speech"),
        "relations": charts.scores(results.categories[RELATION], "relation"),
        "relations-ratio": charts.log_ratios(results.categories[RELATION], "relation"),
        "positions": charts.coefficients(results.regression),
        "information-units": charts.information(results.information),
        "information-ratio": charts.ratios(results.ratios),
    }
    if losses(results.model.curves):
        drawn["learning-curves"] = learning_curves(results.model.curves)
    return {
        "charts": drawn,
        "text": results.text,
        "model": results.model,
        "examples": [shaded(row) for row in results.examples],
        "regression": results.regression,
        "functions": {word: list(rows) for word, rows in groupby(results.functions, key=lambda row: row.word)},
        "contexts": [_contexts(run.found, WORD, 3), _contexts(run.found, RELATION, 3)],
    }


def shaded(row: Example) -> dict[str, list[Shade]]:
    """Return the words of an example for each network, the darkest the one that is missed most."""
    found = {}
    for network, scores in row.scores.items():
        most = max((score for score in scores if known(score)), default=0.0) or 1.0
        found[network] = [
            Shade(word, part, score, score / most if known(score) else 0.0)
            for word, part, score in zip(row.words, row.upos, scores, strict=True)
        ]
    return found


def headlines(run: Finished) -> list[str]:
    """Return the main findings, the most important first."""
    results: Results = run.results
    candidates = [
        _most_missed(results),
        _explained(results),
        _informed(results),
        claims_held([claim.holds for claim in run.claims]),
    ]
    return [sentence for sentence in candidates if sentence]


def _most_missed(results: Results) -> str | None:
    rows = results.categories[PART]
    nouns, determiners = ([of(rows, label, network) for network in (VISUAL, TEXTUAL)] for label in ("NOUN", "DET"))
    if not known(*nouns, *determiners):
        return None
    said = [
        f"the {network} pathway's vector of a caption turns by {noun:.2g} without a noun, by "
        f"{determiner:.2g} without a determiner"
        for network, noun, determiner in zip((VISUAL, TEXTUAL), nouns, determiners, strict=True)
    ]
    return f"{capital(said[0])}; {said[1]} (medians of 1 − cosine)."


def _explained(results: Results) -> str:
    rows = results.regression
    said = [
        f"{percent(rows[network].word)} of the {network} pathway's omission scores, with its position "
        f"{percent(rows[network].position)}, with its relation {percent(rows[network].deprel)}"
        for network in (VISUAL, TEXTUAL)
    ]
    return f"Which word it is explains {said[0]}; and {said[1]} (of the variance, on held-out captions)."


def _informed(results: Results) -> str | None:
    median = {(row.network, row.kind, row.order): row.units.median for row in results.information}
    bits = [median.get((network, kind, 3)) for kind in (RELATION, WORD) for network in (TEXTUAL, VISUAL)]
    if not known(*bits):
        return None
    textual, visual, *words = (number(one) for one in bits if one is not None)
    return (
        f"A textual unit tells {textual} bits about trigrams of relations, a visual one {visual}; about trigrams of "
        f"words, {words[0]} and {words[1]} (medians)."
    )


def _contexts(found: Sequence[Found], kind: str, order: int) -> Contexts:
    rows = [row for row in found if (row.kind, row.order) == (kind, order)]
    units: dict[str, list[Unit]] = {VISUAL: [], TEXTUAL: []}
    for (network, unit), own in groupby(rows, key=lambda row: (row.network, row.unit)):
        contexts = list(own)
        units[network].append(Unit(network, unit, contexts[0].bits, contexts))
    titles = {WORD: "trigrams of words", RELATION: "trigrams of relations"}
    return Contexts(titles[kind], order, kind, units)


def _tables(run: Finished) -> list[Table]:
    table = Table("network", "word", "+ position", "+ relation", "all", title="Variance of omission scores explained")
    for network, row in run.results.regression.items():
        table.add_row(network, *(number(value, 3) for value in row[:4]))
    return [table]


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write, _tables)
