"""What the page of the study `dni2018` shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from jaxneuron.report import dni2018_charts as charts
from jaxneuron.report._run import Run
from jaxneuron.report.charts import learning_curves
from jaxneuron.report.figures import losses
from jaxneuron.report.text import claims_held, number, order, rate, shown

Row = Mapping[str, Any]

LANGUAGES = {
    "parens": "nested parentheses with the number of their level",
    "arithmetic": "arithmetic expressions",
    "c": "C source code",
    "python": "Python source code",
}

GROUPS = {"level": "nesting level", "digit": "digit value", "rule": "production rule", "node": "parse-tree node"}
"""The groups of hypotheses that have a figure."""

TELLS = {"binary": 0.55, "real": 0.05}
"""From here on a unit tells anything: the balanced accuracy of a truth value, for which chance is 0.5, and the R² of a
number, for which it is 0. A machine that never names a rare label has 0.5, the best of
a hundred units that know nothing a little more."""

MANY = 0.9
"""The balanced accuracy from which on the summary counts a hypothesis."""

BETTER = 0.95
"""A model that needs more of an n-gram model's bits per symbol than this share has learnt too little."""

STEPS = 5
"""Shades of a symbol for activations above, and below, 0."""


def content(run: Run) -> dict[str, Any]:
    """Return the variables of `templates/dni2018.html`."""
    whole = run.results
    results = whole["results"]
    relevance = results.get("relevance") or []
    drawn = panels(relevance)
    return {
        "run": {key: whole.get(key) for key in ("study", "version", "seed", "device")},
        "language": LANGUAGES.get(results.get("language"), results.get("language")),
        "headlines": headlines(whole),
        "results": results,
        "panels": [(f"chart-relevance-{place}", title) for place, (title, _) in enumerate(drawn)],
        "relevance": [row | {"told": told(row)} for row in relevance],
        "untold": [row["hypothesis"] for row in relevance if not told(row)],
        "weak": weak(results),
        "poor": poor(results),
        "writing": _writing(results.get("writing") or []),
        "views": [dict(view) | {"spans": spans(view)} for view in _views(results)],
        "matching": _matching(results.get("matching")),
        "steps": range(-STEPS, STEPS + 1),
        "claims": whole.get("claims") or [],
        "options": {key: shown(value) for key, value in (whole.get("settings") or {}).items()},
        "charts": _charts(results, drawn),
        "found": [],
        "methods": [],
        "settings": [],
    }


def told(row: Row) -> bool:
    """Whether any unit tells a hypothesis better than chance.

    Example:
        >>> told({"kind": "binary", "best": 0.5}), told({"kind": "real", "best": 0.5})
        (False, True)
    """
    return order(row["best"], TELLS[row["kind"]], _three) >= 0


def weak(results: Row) -> list[str]:
    """Return the features that no unit tells, so that it means nothing which of their units come first."""
    known = {row["hypothesis"] for row in results.get("relevance") or [] if told(row)}
    return [name for name, asked in (results.get("asked") or {}).items() if not known.intersection(asked)]


def poor(results: Row) -> bool:
    """Whether the model predicts hardly better than counting n-grams does: what it computes is hardly structure."""
    row = results.get("quality")
    return bool(row) and order(row["bits"], BETTER * row["n_gram"], _three) > 0


def _views(results: Row) -> list[Row]:
    """Return the texts of the hypotheses that a unit tells."""
    known = {row["hypothesis"] for row in results.get("relevance") or [] if told(row)}
    return [view for view in results.get("views") or [] if view["hypothesis"] in known]


def _three(value: float) -> str:
    return number(value, 3)


def panels(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return the panels of Figures 2 and 3: a title, and the truth values whose lines are in it.

    Example:
        >>> row = {"group": "level", "mark": "range", "line": "level 1", "kind": "binary"}
        >>> panels([row, row | {"group": "symbol"}])[0][0]
        'nesting level, range'
    """
    made: dict[str, list[Row]] = {}
    for row in rows:
        if row["group"] in GROUPS and row["kind"] == "binary":
            title = GROUPS[row["group"]] + (f", {row['mark']}" if row["mark"] else "")
            made.setdefault(title, []).append(row)
    return list(made.items())


def spans(view: Row) -> list[tuple[str, int, bool]]:
    """Return a coloured text as pieces of one shade: the symbols, the shade, and whether the hypothesis holds.

    Args:
        view: with `text`, `activation`, from -1 to 1, and `label` of each symbol.

    Example:
        >>> spans({"text": "ab(", "activation": [0.98, 1.0, -0.05], "label": [1, 1, 0]})
        [('ab', 5, True), ('(', 0, False)]
    """
    shades = [max(-STEPS, min(STEPS, round(STEPS * (value or 0)))) for value in view["activation"]]
    holds = [(label or 0) > 0.5 for label in view["label"]]
    pieces = groupby(zip(view["text"], shades, holds, strict=True), key=lambda one: one[1:])
    return [("".join(symbol for symbol, *_ in piece), *key) for key, piece in pieces]


def _charts(results: Row, drawn: Sequence[tuple[str, list[Row]]]) -> dict[str, Any]:
    """Return the chart of each element by its id."""
    made: dict[str, Any] = {
        f"chart-relevance-{place}": charts.relevance(rows, f"Scores of all units by {title}")
        for place, (title, rows) in enumerate(drawn)
    }
    removal, written = results.get("removal") or {}, results.get("writing") or []
    for place, feature in enumerate(results.get("features") or []):
        if removal.get("rows"):
            made[f"chart-removal-{place}"] = charts.removal(removal["rows"], feature, removal["intact"]["accuracy"])
        if any(row["feature"] == feature for row in written):
            made[f"chart-writing-{place}"] = charts.writing(written, feature)
    curves = (results.get("quality") or {}).get("curves") or []
    if losses(curves):
        made["chart-learning"] = learning_curves(curves)
    return made


def _writing(rows: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    """Return the rows of each feature, with what is counted."""
    features = dict.fromkeys(row["feature"] for row in rows)
    grouped = [(feature, [row for row in rows if row["feature"] == feature]) for feature in features]
    return [(feature, own[0]["what"], own) for feature, own in grouped]


def _matching(found: Row | None) -> dict[str, Any] | None:
    """Return the selected passage and its matches, each as what is before, in and after the range."""
    if not found:
        return None
    return dict(found) | {
        "parts": _parts(found),
        "matches": [dict(row) | {"parts": _parts(row)} for row in found["matches"]],
    }


def _parts(row: Row) -> tuple[str, str, str]:
    text, start, stop = row["text"], row["start"], row["stop"]
    return text[:start], text[start:stop], text[stop:]


def headlines(whole: Row) -> list[str]:
    """Return the main findings of a run, the most important first.

    Args:
        whole: the whole of `results.json`.
    """
    results = whole["results"]
    sentences = [_best(results), _untold(results), _removed(results), _written(results), _quality(results)]
    if poor(results):
        sentences.insert(0, sentences.pop())
    sentences += [_speed(results), claims_held([claim["holds"] for claim in whole.get("claims") or []])]
    return [sentence for sentence in sentences if sentence]


def _best(results: Row) -> str | None:
    rows = [row for row in results.get("relevance") or [] if row["kind"] == "binary" and row["group"] in GROUPS]
    if not rows:
        return None
    good = [row for row in rows if order(row["best"], MANY, _three) >= 0]
    best = max(rows, key=lambda row: row["best"])
    return (
        f"{len(good)} of {len(rows)} hypotheses about structure are told by a single unit with a balanced accuracy of "
        f"{MANY} or more; the first in the list is {best['hypothesis']}, by unit {best['top'][0]['unit']} "
        f"({_three(best['best'])})."
    )


def _untold(results: Row) -> str | None:
    rows = results.get("relevance") or []
    none = [row for row in rows if not told(row)]
    if not rows:
        return None
    if not none:
        return f"Each of the {len(rows)} hypotheses is told by some unit better than chance."
    return (
        f"No unit tells {len(none)} of the {len(rows)} hypotheses: the best balanced accuracy is below "
        f"{TELLS['binary']}, where chance is 0.5 (for numbers: R² below {TELLS['real']})."
    )


def _removed(results: Row) -> str | None:
    removal, features = results.get("removal"), results.get("features")
    if not removal or not features:
        return None
    top = [row for row in removal["rows"] if (row["feature"], row["way"]) == (features[0], "remove")]
    if not top:
        return None
    last = max(top, key=lambda row: row["count"])
    random = next(row for row in removal["rows"] if row["feature"] is None and row["count"] == last["count"])
    return (
        f"Without the top {last['count']} units of {features[0]}, {rate(last['accuracy'])} of the next symbols' types "
        f"are predicted right; without as many random ones {rate(random['accuracy'])}, with all "
        f"{rate(removal['intact']['accuracy'])}."
    )


def _written(results: Row) -> str | None:
    rows = [row for row in results.get("writing") or [] if row["held"] == "1"]
    if not rows:
        return None
    last = max(row["count"] for row in rows)
    more = [row for row in rows if row["units"] == "top" and row["count"] == last]
    random = {row["feature"]: row for row in rows if row["units"] == "random" and row["count"] == last}
    won = [row for row in more if order(row["rate"], random[row["feature"]]["high"], number) > 0]
    return (
        f"Holding the top {last} units at 1 makes the model write more of what they stand for than random units do for "
        + (f"{len(won)} of {len(more)} features" + (f": {', '.join(row['feature'] for row in won)}." if won else "."))
    )


def _quality(results: Row) -> str | None:
    row = results.get("quality")
    if not row:
        return None
    than = {-1: "fewer than", 0: "as many as", 1: "more than"}[order(row["bits"], row["n_gram"], _three)]
    beside = f"{than} a 5-gram model ({_three(row['n_gram'])})"
    if poor(results):
        return (
            f"The model has learnt too little for what follows to say much: it needs {_three(row['bits'])} bits per "
            f"symbol, {beside}; a larger preset trains longer."
        )
    return f"The model needs {_three(row['bits'])} bits per symbol, {beside}."


def _speed(results: Row) -> str | None:
    row = results.get("scored")
    if not row:
        return None
    time = f" in {number(row['seconds'], 1)} s" if "seconds" in row else ""  # kept apart from the results
    return (
        f"{row['units']} units × {row['hypotheses']} hypotheses × {row['folds']} folds on {row['symbols']:,} symbols "
        f"were scored{time}."
    )
