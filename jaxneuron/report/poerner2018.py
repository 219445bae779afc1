"""What the page of the study `poerner2018` shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from jaxneuron.report import charts, findings, labels, words
from jaxneuron.report._run import Run
from jaxneuron.report.text import shown

Row = Mapping[str, Any]


def content(run: Run) -> dict[str, Any]:
    """Return the variables of `templates/poerner2018.html`."""
    results, found = run
    settings = labels.ordered(results["results"], labels.SETTINGS)
    methods = labels.ordered((m for s in settings for m in results["results"][s]), labels.METHODS)
    lengths = Counter(len(row["ngram"].split()) for row in found)
    ngram = f"{lengths.most_common(1)[0][0]}-gram" if lengths else "n-gram"
    specs, panels = _charts(results, found, settings)
    return {
        "run": {key: results.get(key) for key in ("study", "version", "seed", "device")},
        "ngram": ngram,
        "headlines": findings.headlines(results),
        "comparisons": findings.comparisons(results),
        "methods": [{"key": key, **labels.method(key)._asdict()} for key in methods],
        "sentences": {key: labels.method(key).sentence.format(ngram=ngram) for key in methods},
        "settings": [{"key": key, **labels.setting(key)._asdict()} for key in settings],
        "results": results["results"],
        "panels": panels,
        "table1": [_example(row) for row in results.get("table1") or []],
        "claims": results.get("claims") or [],
        "model": results.get("model") or {},
        "quality": _quality(results.get("model") or {}),
        "function_words": _ordered(results.get("function_words"), settings),
        "naming": {m: row for m, row in (results.get("naming") or {}).items() if row},
        "nearest_cosine": _ordered(results.get("nearest_cosine"), settings),
        "groups": _groups(results.get("groups") or {}),
        "options": _flat(results.get("settings") or {}),
        "method_options": _method_options(results["results"], settings),
        "charts": specs,
        "found": [_compact(row) for row in found],
        "targets": len({(row["setting"], row["target"]) for row in found}),
    }


def _charts(results: Row, found: Sequence[Row], settings: Sequence[str]) -> tuple[dict[str, Any], list[Row]]:
    """Return all chart specifications by the id of their element, and the panels of Figure 1."""
    specs, panels = {}, []
    drawn = {row["setting"] for row in found if row["score"] is not None}
    figure1 = [setting for setting in (*labels.FIGURE1, *settings) if setting in drawn]
    for place, setting in enumerate(dict.fromkeys(figure1)):
        specs[f"activations-{place}"] = charts.activations(found, setting)
        targets = len({row["target"] for row in found if row["setting"] == setting})
        panels.append({"id": f"activations-{place}", "name": labels.setting(setting).name, "targets": targets})
    if any(row.get("gain") is not None for row in found):
        specs["gains"] = charts.gains(found)
    curves = (results.get("model") or {}).get("curves") or []
    if charts.losses(curves):
        specs["learning-curves"] = charts.learning_curves(curves)
    for place, (site, group) in enumerate((results.get("groups") or {}).items()):
        if group.get("sizes"):
            specs[f"groups-{place}"] = charts.group_sizes(group["sizes"], site)
    return specs, panels


def _example(row: Row) -> dict[str, Any]:
    method = row.get("method") or labels.BEST_OF_PAPER
    return {
        "name": row["name"],
        "target": row["target"],
        "setting": labels.setting(row["setting"]),
        "sides": [
            (labels.method(key), words.marked(row[side], row["name"]), row[f"{side}_score"])
            for key, side in ((labels.BASELINE, "crp"), (method, "gbl"))
        ],
    }


def _quality(model: Row) -> list[tuple[str, str, list[tuple[str, float | None]]]]:
    """Return the measures of the model: name, which way is better, and the score of each contender."""
    contenders = {
        "imaginet": "Imaginet, the interpreted model",
        "unigram": "unigram model",
        "kneser_ney": "interpolated Kneser–Ney trigram",
        "ridge": "ridge regression on word counts",
        "random": "chance",
    }
    measures = (
        ("perplexity", "Language pathway: perplexity on the dev captions", "lower is better"),
        ("average_precision", "Visual pathway: mean average precision over object labels", "higher is better"),
    )
    return [
        (title, better, [(contenders.get(key) or key, score) for key, score in model[measure].items()])
        for measure, title, better in measures
        if model.get(measure)
    ]


def _groups(groups: Mapping[str, Row]) -> list[dict[str, Any]]:
    described = []
    for place, (site, group) in enumerate(groups.items()):
        sizes = group.get("sizes") or []
        saturated = group.get("saturated") or {}
        described.append(
            {
                "id": f"groups-{place}",
                "name": labels.setting(site).name,
                "count": group.get("count", len(sizes)),
                "sizes": sizes,
                "median": median(sizes) if sizes else None,
                "saturated": [(labels.method(m).name, saturated[m]) for m in labels.ordered(saturated, labels.METHODS)],
            }
        )
    return described


def _method_options(results: Mapping[str, Any], settings: Sequence[str]) -> list[tuple[str, str, dict[str, str]]]:
    rows = []
    for setting in settings:
        for method in labels.ordered(results[setting], labels.METHODS):
            options = results[setting][method].get("settings")
            if options:
                options = options if isinstance(options, Mapping) else {"preset": options}
                rows.append((labels.setting(setting).short, labels.method(method).name, _flat(options)))
    return rows


def _flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as one level: `find.steps`, as text."""
    flat = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = shown(value)
    return flat


def _ordered(values: Mapping[str, Any] | None, settings: Sequence[str]) -> dict[str, Any]:
    values = {key: value for key, value in (values or {}).items() if value not in (None, {})}
    return {key: values[key] for key in labels.ordered(values, settings)}


def _compact(row: Row) -> dict[str, Any]:
    """Return what the page's script needs of a found input; a letter per word tells its kind."""
    kinds = "".join(kind[0] for _, kind in words.marked(row["ngram"], row["name"]))
    kept = ("setting", "target", "name", "method", "ngram", "score", "gain")
    return {key: row.get(key) for key in kept} | {"kinds": kinds}
