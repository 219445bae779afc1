"""What the page of the study shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.report.charts import Spec, learning_curves
from jaxneuron.report.figures import losses
from jaxneuron.report.text import claims_held, number, order, rate
from jaxneuron.studies._finished import Finished
from jaxneuron.studies._study import Page
from jaxneuron.studies.dni2018 import charts, figures
from jaxneuron.studies.dni2018.options import Subject
from jaxneuron.studies.dni2018.results import (
    Answer,
    Held,
    Match,
    Matching,
    Quality,
    Removal,
    Results,
    Scored,
    Told,
    Units,
    View,
    Way,
    Written,
)

LANGUAGES = {
    Subject.PARENS: "nested parentheses with the number of their level",
    Subject.ARITHMETIC: "arithmetic expressions",
    Subject.C: "C source code",
    Subject.PYTHON: "Python source code",
}

TELLS = {Answer.BINARY: 0.55, Answer.REAL: 0.05}
"""From here on a unit tells anything: the balanced accuracy of a truth value, for which chance is 0.5, and the R² of a
number, for which it is 0. A machine that never names a rare label has 0.5, the best of
a hundred units that know nothing a little more."""

MANY = 0.9
"""The balanced accuracy from which on the summary counts a hypothesis."""

BETTER = 0.95
"""A model that needs more of an n-gram model's bits per symbol than this share has learnt too little."""

STEPS = 5
"""Shades of a symbol for activations above, and below, 0."""


class Span(NamedTuple):
    """Symbols of a text that look alike."""

    text: str
    shade: int  # from -STEPS to STEPS
    holds: bool  # whether the hypothesis does


class Cut(NamedTuple):
    """A text as what is before, in and after a passage."""

    before: str
    passage: str
    after: str
    match: Match | None = None


class Texts(NamedTuple):
    """What is written while units of a feature are held."""

    feature: str
    what: str  # is counted
    rows: list[tuple[str, Written]]  # what is held, and what is written


def content(run: Finished) -> dict[str, Any]:
    """Return the variables of `page.html`."""
    results: Results = run.results
    return {
        "language": LANGUAGES[results.language],
        "results": results,
        "panels": [
            (f"chart-relevance-{place}", title) for place, (title, _) in enumerate(charts.panels(results.relevance))
        ],
        "relevance": [(row, told(row)) for row in results.relevance],
        "untold": [row.hypothesis for row in results.relevance if not told(row)],
        "weak": weak(results),
        "poor": poor(results.quality),
        "writing": [_texts(results, feature) for feature in dict.fromkeys(row.feature for row in results.writing)],
        "views": [(view, spans(view)) for view in _views(results)],
        "matching": _matching(results.matching),
        "steps": range(-STEPS, STEPS + 1),
        "charts": _charts(results),
    }


def told(row: Told) -> bool:
    """Whether any unit tells a hypothesis better than chance.

    Returns:
        True where there is one.
    """
    return order(row.best, TELLS[row.kind], _three) >= 0


def weak(results: Results) -> list[str]:
    """Return the features that no unit tells, so that it means nothing which of their units come first."""
    known = {row.hypothesis for row in results.relevance if told(row)}
    return [name for name, asked in results.asked.items() if not known.intersection(asked)]


def poor(quality: Quality | None) -> bool:
    """Whether the model predicts hardly better than counting n-grams does: what it computes is hardly structure.

    Returns:
        True where it hardly does; false where that is not known.
    """
    return quality is not None and order(quality.bits, BETTER * quality.n_gram, _three) > 0


def _views(results: Results) -> list[View]:
    """Return the texts of the hypotheses that a unit tells."""
    known = {row.hypothesis for row in results.relevance if told(row)}
    return [view for view in results.views if view.hypothesis in known]


def _three(value: float) -> str:
    return number(value, 3)


def spans(view: View) -> list[Span]:
    """Return a coloured text as pieces of one shade.

    Example:
        >>> from jaxneuron.studies.dni2018.results import Group
        >>> view = View("range", Group.LEVEL, 7, 0.9, 1, "ab(", activation=[0.98, 1.0, -0.05], label=[1, 1, 0])
        >>> [tuple(span) for span in spans(view)]
        [('ab', 5, True), ('(', 0, False)]
    """
    shades = [max(-STEPS, min(STEPS, round(STEPS * (value or 0)))) for value in view.activation]
    holds = [(label or 0) > 0.5 for label in view.label]
    pieces = groupby(zip(view.text, shades, holds, strict=True), key=lambda one: one[1:])
    return [Span("".join(symbol for symbol, *_ in piece), *key) for key, piece in pieces]


def _charts(results: Results) -> dict[str, Spec]:
    """Return the chart of each element by its id."""
    made = {
        f"chart-relevance-{place}": charts.relevance(rows, f"Scores of all units by {title}")
        for place, (title, rows) in enumerate(charts.panels(results.relevance))
    }
    for place, feature in enumerate(results.features):
        if results.removal and results.removal.rows:
            made[f"chart-removal-{place}"] = charts.removal(results.removal, feature)
        if own := [row for row in results.writing if row.feature == feature]:
            made[f"chart-writing-{place}"] = charts.writing(own, feature)
    if results.quality and losses(results.quality.curves):
        made["chart-learning"] = learning_curves(results.quality.curves)
    return made


def _texts(results: Results, feature: str) -> Texts:
    own = [row for row in results.writing if row.feature == feature]
    return Texts(feature, own[0].what, [(_held(row), row) for row in own])


def _held(row: Written) -> str:
    if row.units is Units.NONE:
        return "as it is"
    return f"{row.units} {row.count}{' at 1' if row.held is Held.ONE else ', each on its side'}"


def _matching(found: Matching | None) -> list[Cut]:
    """Return the selected passage and its matches."""
    return [_cut(found), *(_cut(match)._replace(match=match) for match in found.matches)] if found else []


def _cut(found: Matching | Match) -> Cut:
    return Cut(found.text[: found.start], found.text[found.start : found.stop], found.text[found.stop :])


def headlines(run: Finished) -> list[str]:
    """Return the main findings of a run, the most important first."""
    results: Results = run.results
    sentences = [_best(results.relevance), _untold(results.relevance), _removed(results), _written(results.writing)]
    sentences.insert(0 if poor(results.quality) else len(sentences), _quality(results.quality))
    sentences += [f"The hypothesis {fault.name} failed and was left out: {fault.reason}." for fault in results.faults]
    sentences += [_speed(results.scored), claims_held([claim.holds for claim in run.claims])]
    return [sentence for sentence in sentences if sentence]


def _best(relevance: Sequence[Told]) -> str | None:
    rows = [row for row in relevance if row.kind is Answer.BINARY and row.group in charts.GROUPS]
    if not rows:
        return None
    good = [row for row in rows if order(row.best, MANY, _three) >= 0]
    best = max(rows, key=lambda row: row.best)
    return (
        f"{len(good)} of {len(rows)} hypotheses about structure are told by a single unit with a balanced accuracy of "
        f"{MANY} or more; the first in the list is {best.hypothesis}, by unit {best.top[0].unit} "
        f"({_three(best.best)})."
    )


def _untold(rows: Sequence[Told]) -> str | None:
    none = [row for row in rows if not told(row)]
    if not rows:
        return None
    if not none:
        return f"Each of the {len(rows)} hypotheses is told by some unit better than chance."
    return (
        f"No unit tells {len(none)} of the {len(rows)} hypotheses: the best balanced accuracy is below "
        f"{TELLS[Answer.BINARY]}, where chance is 0.5 (for numbers: R² below {TELLS[Answer.REAL]})."
    )


def _removed(results: Results) -> str | None:
    removal: Removal | None = results.removal
    if removal is None or not results.features:
        return None
    feature = results.features[0]
    top = [row for row in removal.rows if row.feature == feature and row.way is Way.REMOVE]
    if not top:
        return None
    last = max(top, key=lambda row: row.count)
    random = removal.random(last.count)
    return (
        f"Without the top {last.count} units of {feature}, {rate(last.accuracy)} of the next symbols' types "
        f"are predicted right; without as many random ones {rate(random and random.accuracy)}, with all "
        f"{rate(removal.intact.accuracy)}."
    )


def _written(writing: Sequence[Written]) -> str | None:
    rows = [row for row in writing if row.held is Held.ONE]
    if not rows:
        return None
    last = max(row.count for row in rows)
    more = [row for row in rows if row.units is Units.TOP and row.count == last]
    random = {row.feature: row.high or 0.0 for row in rows if row.units is Units.RANDOM and row.count == last}
    won = [row for row in more if order(row.rate, random[row.feature], number) > 0]
    return (
        f"Holding the top {last} units at 1 makes the model write more of what they stand for than random units do for "
        + (f"{len(won)} of {len(more)} features" + (f": {', '.join(row.feature for row in won)}." if won else "."))
    )


def _quality(quality: Quality | None) -> str | None:
    if quality is None:
        return None
    than = {-1: "fewer than", 0: "as many as", 1: "more than"}[order(quality.bits, quality.n_gram, _three)]
    beside = f"{than} a 5-gram model ({_three(quality.n_gram)})"
    if not poor(quality):
        return f"The model needs {_three(quality.bits)} bits per symbol, {beside}."
    advice = "" if quality.trained_on is None else "; a larger preset trains longer"
    return (
        f"The model has learnt too little for what follows to say much: it needs {_three(quality.bits)} bits per "
        f"symbol, {beside}{advice}."
    )


def _speed(scored: Scored | None) -> str | None:
    if scored is None:
        return None
    time = "" if scored.seconds is None else f" in {number(scored.seconds, 1)} s"  # kept apart from the results
    return (
        f"{scored.units} units × {scored.hypotheses} hypotheses × {scored.folds} folds on {scored.symbols:,} symbols "
        f"were scored{time}."
    )


PAGE = Page(Path(__file__).with_name("page.html"), content, headlines, figures.write)
