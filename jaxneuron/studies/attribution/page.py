"""What the page shows, gathered from a run: the template only lays it out, and leaves out what a run has nothing of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.report.charts import Spec
from jaxneuron.report.text import change, claims_held, listed, most, number, order, rate
from jaxneuron.studies import Page
from jaxneuron.studies._finished import Finished
from jaxneuron.studies.attribution import charts, figures
from jaxneuron.studies.attribution.extraction import Example
from jaxneuron.studies.attribution.labelling import Accuracy
from jaxneuron.studies.attribution.results import Classifier, Results
from jaxneuron.studies.attribution.testing import Concepts

HEATS = 3
"""Texts whose heat maps are drawn; the others are coloured text only."""

LEARNT = 0.1
"""How far above the most frequent label a model is at least that has learnt the task."""

JOINED = "##"
"""How a tokenizer of the BERT family marks a sub-word that goes on with the word before it."""


class Token(NamedTuple):
    """A token of a text, and what colours it."""

    text: str
    score: float | None
    weight: float  # 0 to 1, the share of the largest absolute score
    kind: str  # for, against or nothing
    joined: bool  # goes on with the word before it


class Role(NamedTuple):
    """What the predicted start, or end, of a text rests on, as it is shown."""

    token: str
    probability: float
    change: float
    error: float
    tokens: list[Token]


def content(run: Finished) -> dict[str, Any]:
    """Return the template's own variables."""
    results: Results = run.results
    examples = results.spans.explained.examples if results.spans else []
    return {
        "models": classifiers(results),
        "names": results.labels.names if results.labels else [],
        "spans": results.spans,
        "examples": [(_span(row), _roles(row)) for row in examples],
        "heats": min(HEATS, len(examples)),
        "charts": _charts(results),
        "coloured": coloured,
        "key": key,
    }


def classifiers(results: Results) -> dict[str, Classifier]:
    """Return the classifiers of a run by their names."""
    return results.labels.models if results.labels else {}


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    sentences = []
    for name, one in classifiers(results).items():
        worst = one.explained.completeness.integrated_gradients.worst
        sentences.append(_learnt(name, one.accuracy))
        sentences.append(
            f"Integrated gradients account for the scores of the {name} but for a share of {worst:.2g} at worst."
        )
        sentences += _concept_headline(name, one.concepts)
    if results.spans:
        own = results.spans.accuracy
        sentences.append(f"The span head finds {rate(own.exact)} of {own.texts} spans exactly (F1 {number(own.f1)}).")
        for role, rows in results.spans.explained.layers.items():
            top = listed([row.site for row in most(rows, lambda row: row.share, number)])
            first, last = rows[0], rows[-1]
            followed = change(first.spread, last.spread, _one, unit=" bits", places=(first.site, last.site))
            sentences.append(
                f"For the {role}, the predicted token weighs most at {top}; the entropy of its attributions over the "
                f"units {followed}."
            )
    return [*sentences, *filter(None, [claims_held([claim.holds for claim in run.claims])])]


def _learnt(name: str, own: Accuracy) -> str:
    """Say how good a model is, and what it means where that is not good."""
    told = (
        f"The {name} tells the label of {rate(own.accuracy)} of {own.texts} texts (the most frequent label: "
        f"{rate(own.majority)})."
    )
    if order(own.accuracy, own.majority + LEARNT, rate) >= 0:
        return told
    return f"{told} It has hardly learnt the task: what its predictions rest on says little about the label."


def _concept_headline(name: str, told: Concepts) -> list[str]:
    rows = told.rows
    found = []
    for concept in dict.fromkeys(row.concept for row in rows):
        own = [row for row in rows if row.concept == concept]
        clear = [row for row in own if row.holm < 0.05]
        signs = {"for" if row.mean > 0 else "against" for row in clear}
        if clear:
            found.append(f"{concept} speak {' and '.join(sorted(signs))} it at {len(clear)} of {len(own)} layers")
    if not found:
        return [f"No concept is significant for “{told.label}” in the {name}."]
    return [f"For “{told.label}” in the {name}, {'; '.join(found)} (permutation test, 5 %, corrected after Holm)."]


def coloured(pieces: Sequence[str], scores: Sequence[float]) -> list[Token]:
    """Return the tokens of a text with what colours them.

    Args:
        pieces: what each token looks like.
        scores: what each contributes.

    Example:
        >>> [(row.text, row.kind, row.weight) for row in coloured(["un", "##fun"], [-2.0, 1.0])]
        [('un', 'against', 1.0), ('fun', 'for', 0.5)]
    """
    largest = max(map(_size, scores), default=0.0)
    return [
        Token(
            text=piece.removeprefix(JOINED) if piece != JOINED else piece,
            score=score,
            weight=_size(score) / largest if largest else 0.0,
            kind="for" if score > 0 else "against" if score < 0 else "nothing",
            joined=piece.startswith(JOINED) and piece != JOINED,
        )
        for piece, score in zip(pieces, scores, strict=True)
    ]


def _size(score: float) -> float:
    """Return how large a score is; one that is no number has no size."""
    return abs(score) if score == score else 0.0


def _one(value: float) -> str:
    return number(value, 1)


def _span(row: Example) -> str:
    return " ".join(row.pieces[row.start : row.end + 1]).replace(f" {JOINED}", "")


def _roles(row: Example) -> dict[str, Role]:
    return {
        role: Role(row.pieces[at], told.probability, told.change, told.error, coloured(row.pieces, told.tokens))
        for role, (at, told) in row.roles().items()
    }


def key(name: str) -> str:
    """Return a name as a part of an element's id.

    Example:
        >>> key("text CNN")
        'text-cnn'
    """
    return name.lower().replace(" ", "-").replace("/", "-")


def _charts(results: Results) -> dict[str, Spec]:
    """Return the chart of each element by its id."""
    drawn = {}
    for name, one in classifiers(results).items():
        drawn[f"chart-concepts-{key(name)}"] = charts.concepts(one.concepts.rows)
        drawn[f"chart-units-{key(name)}"] = charts.units(one.explained.layers)
    if not results.spans:
        return drawn
    layers = results.spans.explained.layers
    drawn["chart-entropy"] = charts.by_layer(layers, charts.ENTROPY)
    drawn["chart-spread"] = charts.by_layer(layers, charts.SPREAD)
    drawn["chart-share"] = charts.by_layer(layers, charts.SHARE)
    for place, row in enumerate(results.spans.explained.examples[:HEATS]):
        for role, (_, told) in row.roles().items():
            drawn[f"chart-heat-{place}-{role}"] = charts.heat(row.pieces, told.heat, role)
            if place == 0:
                drawn[f"chart-boxes-{role}"] = charts.boxes(told.distribution.layers, role)
                drawn[f"chart-mass-{role}"] = charts.masses(told.distribution, role)
    return drawn


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
