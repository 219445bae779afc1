"""What the page of the study `attribution` shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxneuron.report import attribution_charts as charts
from jaxneuron.report._run import Run
from jaxneuron.report.text import change, claims_held, listed, most, number, order, rate, shown

Row = Mapping[str, Any]

ROLES = ("start", "end")

HEATS = 3
"""Texts whose heat maps are drawn; the others are coloured text only."""

LEARNT = 0.1
"""How far above the most frequent label a model is at least that has learnt the task."""

JOINED = "##"
"""How a tokenizer of the BERT family marks a sub-word that goes on with the word before it."""


def content(run: Run) -> dict[str, Any]:
    """Return the variables of `templates/attribution.html`."""
    whole = run.results
    results = whole["results"]
    return {
        "run": {key: whole.get(key) for key in ("study", "version", "seed", "device")},
        "headlines": headlines(whole),
        "models": {name: _model(one) for name, one in _models(results).items()},
        "names": (results.get("labels") or {}).get("names") or [],
        "spans": results.get("spans"),
        "found": [],
        "examples": [_span(row) for row in _span_examples(results)],
        "heats": min(HEATS, len(_span_examples(results))),
        "claims": whole.get("claims") or [],
        "options": {key: shown(value) for key, value in (whole.get("settings") or {}).items()},
        "charts": _charts(results),
        "methods": [],
        "settings": [],
    }


def headlines(whole: Row) -> list[str]:
    """Return the main findings of a run of `attribution`, the most important first.

    Args:
        whole: the whole of `results.json`.
    """
    results, sentences = whole["results"], []
    for name, one in _models(results).items():
        own, errors = one["accuracy"], one["explained"]["completeness"]
        sentences.append(_learnt(name, own))
        sentences.append(
            f"Integrated gradients account for the scores of the {name} but for a share of "
            f"{errors['integrated_gradients']['worst']:.2g} at worst."
        )
        sentences += _concept_headline(name, one["concepts"])
    spans = results.get("spans")
    if spans:
        own = spans["accuracy"]
        sentences.append(
            f"The span head finds {rate(own['exact'])} of {own['texts']} spans exactly (F1 {number(own['f1'])})."
        )
        for role, rows in spans["explained"]["layers"].items():
            top = listed([row["site"] for row in most(rows, lambda row: row["share"], number)])
            first, last = rows[0], rows[-1]
            places = first["site"], last["site"]
            followed = change(first["spread"], last["spread"], _one, unit=" bits", places=places)
            sentences.append(
                f"For the {role}, the predicted token weighs most at {top}; the entropy of its attributions over the "
                f"units {followed}."
            )
    return [*sentences, *filter(None, [claims_held(whole.get("claims") or [])])]


def _learnt(name: str, own: Row) -> str:
    """Say how good a model is, and what it means where that is not good."""
    told = (
        f"The {name} tells the label of {rate(own['accuracy'])} of {own['texts']} texts (the most frequent label: "
        f"{rate(own['majority'])})."
    )
    if order(own["accuracy"], own["majority"] + LEARNT, rate) >= 0:
        return told
    return f"{told} It has hardly learnt the task: what its predictions rest on says little about the label."


def _concept_headline(name: str, told: Row) -> list[str]:
    rows = told["rows"]
    found = []
    for concept in dict.fromkeys(row["concept"] for row in rows):
        own = [row for row in rows if row["concept"] == concept]
        clear = [row for row in own if row["holm"] is not None and row["holm"] < 0.05]
        signs = {"for" if row["mean"] > 0 else "against" for row in clear}
        if clear:
            found.append(f"{concept} speak {' and '.join(sorted(signs))} it at {len(clear)} of {len(own)} layers")
    if not found:
        return [f"No concept is significant for “{told['label']}” in the {name}."]
    return [f"For “{told['label']}” in the {name}, {'; '.join(found)} (permutation test, 5 %, corrected after Holm)."]


def coloured(pieces: Sequence[str], scores: Sequence[float]) -> list[dict[str, Any]]:
    """Return the tokens of a text with what colours them.

    Args:
        pieces: what each token looks like.
        scores: what each contributes.

    Returns:
        `text`, `score`, `weight` (0 to 1, the share of the largest absolute score), `kind` (for, against or nothing)
        and `joined`, where the token goes on with the word before it.

    Example:
        >>> [(row["text"], row["kind"], row["weight"]) for row in coloured(["un", "##fun"], [-2.0, 1.0])]
        [('un', 'against', 1.0), ('fun', 'for', 0.5)]
    """
    largest = max((abs(score) for score in scores if score is not None), default=0)
    return [
        {
            "text": piece.removeprefix(JOINED) if piece != JOINED else piece,
            "joined": piece.startswith(JOINED) and piece != JOINED,
            "score": score,
            "weight": abs(score or 0) / largest if largest else 0.0,
            "kind": "for" if (score or 0) > 0 else "against" if (score or 0) < 0 else "nothing",
        }
        for piece, score in zip(pieces, scores, strict=True)
    ]


def _one(value: float) -> str:
    return number(value, 1)


def _models(results: Row) -> dict[str, Any]:
    return (results.get("labels") or {}).get("models") or {}


def _span_examples(results: Row) -> list[Row]:
    return ((results.get("spans") or {}).get("explained") or {}).get("examples") or []


def _model(one: Row) -> dict[str, Any]:
    """Return a classifier's part of the page."""
    told = one["explained"]
    examples = [
        {key: row[key] for key in ("label", "predicted", "score", "change", "error")}
        | {"tokens": coloured(row["pieces"], row["tokens"])}
        | {"layers": {site: coloured(row["pieces"], values) for site, values in row["layers"].items()}}
        for row in told["examples"]
    ]
    return {
        "accuracy": one["accuracy"],
        "completeness": told["completeness"],
        "layers": told["layers"],
        "examples": examples,
        "concepts": one["concepts"],
    }


def _span(row: Row) -> dict[str, Any]:
    return {
        "text": " ".join(row["pieces"][row["start"] : row["end"] + 1]).replace(f" {JOINED}", ""),
        "roles": {
            role: {key: row[f"{role}_told"][key] for key in ("probability", "change", "error")}
            | {"token": row["pieces"][row[role]]}
            | {"tokens": coloured(row["pieces"], row[f"{role}_told"]["tokens"])}
            for role in ROLES
        },
    }


def key(name: str) -> str:
    """Return a name as a part of an element's id.

    Example:
        >>> key("text CNN")
        'text-cnn'
    """
    return name.lower().replace(" ", "-").replace("/", "-")


def _charts(results: Row) -> dict[str, Any]:
    """Return the chart of each element by its id."""
    drawn: dict[str, Any] = {}
    for name, one in _models(results).items():
        drawn[f"chart-concepts-{key(name)}"] = charts.concepts(one["concepts"]["rows"])
        drawn[f"chart-units-{key(name)}"] = charts.units(one["explained"]["layers"])
    spans = results.get("spans")
    if not spans:
        return drawn
    layers = spans["explained"]["layers"]
    drawn["chart-entropy"] = charts.by_layer(layers, "entropy", "entropy (bits), bins that all layers share")
    drawn["chart-spread"] = charts.by_layer(layers, "spread", "entropy (bits) of |a| / sum |a|")
    drawn["chart-share"] = charts.by_layer(layers, "share", "score of the predicted token")
    for place, row in enumerate(_span_examples(results)[:HEATS]):
        for role in ROLES:
            told = row[f"{role}_told"]
            drawn[f"chart-heat-{place}-{role}"] = charts.heat(row["pieces"], told["heat"], role)
            if place == 0:
                drawn[f"chart-boxes-{role}"] = charts.boxes(told["distribution"]["layers"], role)
                drawn[f"chart-mass-{role}"] = charts.masses(told["distribution"], role)
    return drawn
