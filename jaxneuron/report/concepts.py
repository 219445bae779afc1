"""What the page of the study `concepts` shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxneuron.report import concept_charts as charts
from jaxneuron.report._run import Run
from jaxneuron.report.findings import count, percent
from jaxneuron.report.poerner2018 import shown

Row = Mapping[str, Any]

METHODS = {
    "linear": ("linear probe", "weight mass of a probe that reads all units (Dalvi et al. 2019)"),
    "gaussian": ("Gaussian probe", "greedy choice by a generative probe (Torroba Hennigen et al. 2020)"),
    "latent_variable": ("latent variable probe", "a probe that learns which units to read (Stańczak et al. 2023)"),
    "probeless": ("probeless", "how far apart the means of the classes are (Antverg and Belinkov 2022)"),
    "mean_select": ("mean select", "difference of the means, as a share of the range (Fan et al. 2023)"),
    "iou": ("IoU", "overlap of where a unit is active with where a class is (Mu and Andreas 2020)"),
    "average_precision": ("average precision", "how well a unit detects a class (Suau et al. 2020)"),
    "correlation": ("correlation", "point-biserial, with each class"),
    "mutual_information": ("mutual information", "bits that a unit tells about the class, in bins"),
    "forest": ("random forest", "Gini importance"),
    "single_neuron": ("one unit alone", "accuracy of a classifier of this unit only"),
    "random": ("random units", "the mean of a few random orders"),
}
"""What a ranking is called, and how it works."""

NAMES: dict[str, str] = {key: name for key, (name, _) in METHODS.items()}


def content(run: Run) -> dict[str, Any]:
    """Return the variables of `templates/concepts.html`."""
    whole = run.results
    results = whole["results"]
    rankings = list(dict.fromkeys(row["ranking"] for row in results.get("curves") or []))
    return {
        "run": {key: whole.get(key) for key in ("study", "version", "seed", "device")},
        "headlines": headlines(whole),
        "results": results,
        "rankings": [
            {"key": key, "name": NAMES.get(key, key), "how": METHODS.get(key, ("", ""))[1]} for key in rankings
        ],
        "top": {scope: _best_at(results, scope) for scope in ("all", "layer")},
        "examples": _examples(results.get("examples") or []),
        "claims": whole.get("claims") or [],
        "options": {key: shown(value) for key, value in (whole.get("settings") or {}).items()},
        "charts": _charts(results),
        "found": [],
        "methods": [],
        "settings": [],
        "percent": percent,
        "shown": shown,
    }


def _charts(results: Row) -> dict[str, Any]:
    """Return the chart of each element by its id."""
    drawn: dict[str, Any] = {}
    rows = results.get("curves") or []
    colours = colours_of(results)
    for scope in ("all", "layer"):
        for probe in ("linear", "gaussian"):
            own = [row for row in rows if row["scope"] == scope and row["probe"] == probe]
            if own:
                what = f"Test accuracy of a {probe} probe by the number of units, for each ranking"
                drawn[f"curves-{scope}-{probe}"] = charts.curves(
                    own, NAMES, colours, value="accuracy", title="test accuracy", what=what
                )
    bits = [row for row in rows if row["probe"] == "gaussian" and row["direction"] == "top" and row["scope"] == "layer"]
    if bits:
        drawn["information"] = charts.curves(
            bits,
            NAMES,
            colours,
            value="information",
            title="mutual information (bits)",
            what="Mutual information by units",
        )
    if results.get("layers"):
        drawn["layers"] = charts.layers(results["layers"])
        code = {row["site"]: row["compression"] for row in results["layers"] if row.get("compression") is not None}
        if code:
            drawn["mdl"] = charts.bars(code, "compression (uniform code / online code)", "Compression by layer")
    if results.get("classes"):
        drawn["classes"] = charts.classes(results["classes"], results["sites"])
    if results.get("where"):
        drawn["where"] = charts.bars(
            dict(zip(results["sites"], results["where"]["share"], strict=True)),
            f"share of the top {results['where']['count']}",
            "Where the top units are",
            rule=1 / len(results["sites"]),
        )
    if results.get("agreement"):
        names = [str(NAMES.get(name, name)) for name in results["agreement"]["methods"]]
        drawn["agreement"] = charts.heat(names, results["agreement"]["overlap"], "overlap", "Overlap of the top units")
    for place, titles in (
        ("representation", {"accuracy": "accuracy of the probe"}),
        ("model", {"property": "accuracy of a probe after the last layer", "perplexity": "perplexity of hidden words"}),
    ):
        own = [row for row in results.get("ablation") or [] if row["place"] == place and row["count"]]
        for key, title in titles.items():
            if any(row.get(key) is not None for row in own):
                drawn[f"ablation-{place}-{key}"] = charts.curves(
                    own, NAMES, colours, value=key, title=title, what=f"{title} without some units"
                )
    if (results.get("languages") or {}).get("pairs"):
        drawn["languages"] = charts.bars(
            {f"{row['one']} & {row['other']}": row["overlap"] for row in results["languages"]["pairs"]},
            "mean overlap of the top units",
            "Overlap of the top units between languages",
            rule=results["languages"]["chance"],
        )
    return {f"chart-{name}": spec for name, spec in drawn.items()}  # a section may have the name


def colours_of(results: Row) -> dict[str, str]:
    """Return the colour of each ranking of a run, in the order of `METHODS`."""
    used = [row["ranking"] for row in [*(results.get("curves") or []), *(results.get("ablation") or [])]]
    known = [name for name in METHODS if name in used]
    return charts.palette(known + [name for name in used if name not in METHODS])


def headlines(whole: Row) -> list[str]:
    """Return the main findings of a run, the most important first.

    Args:
        whole: the whole of `results.json`.
    """
    results = whole["results"]
    sentences = [
        _accuracy(results),
        _few(results),
        _best(results),
        _layer(results),
        _used(results),
        _agree(results),
        _recur(results),
    ]
    claims = [claim for claim in whole.get("claims") or [] if claim.get("holds") is not None]
    if claims:
        held = sum(bool(claim["holds"]) for claim in claims)
        text = f"{count(held, len(claims))} claims that this run re-measured held."
        sentences.append(text[0].upper() + text[1:])
    return [sentence for sentence in sentences if sentence]


def _accuracy(results: Row) -> str | None:
    row = results.get("accuracy")
    if not row:
        return None
    text = (
        f"A linear probe of all {row['units']:,} units tells {row['layer']} right for {row['test']:.1%} of test words"
    )
    return (
        text
        + f" (always the most frequent class: {row['majority']:.1%}; the word's most frequent: {row['lexicon']:.1%})."
    )


def _few(results: Row) -> str | None:
    own = (results.get("properties") or {}).get((results.get("accuracy") or {}).get("layer"))
    if not own or not own.get("minimal"):
        return None
    share = own["minimal"]["units"] / results["accuracy"]["units"]
    enough = percent(own["minimal"]["share"])
    return f"{own['minimal']['units']} units ({share:.1%}) are enough for {enough} of that accuracy."


def _best(results: Row) -> str | None:
    best = _best_at(results, "all")
    if not best:
        return None
    first, last = best[0], best[-1]
    text = f"The {first['count']} first units of the best ranking ({first['name']}) reach {first['accuracy']:.1%}"
    if len(best) > 1:
        text += f", those of the worst ({last['name']}) {last['accuracy']:.1%}"
    random = next((row["random"] for row in best if row["random"] is not None), None)
    return text + (f"; as many random ones {random:.1%}." if random is not None else ".")


def _layer(results: Row) -> str | None:
    rows = results.get("layers")
    if not rows:
        return None
    best = max(rows, key=lambda row: row["accuracy"])
    chosen = max(rows, key=lambda row: row["accuracy"] - row["control"])
    text = f"The layer that tells most is {best['site']} ({best['accuracy']:.1%})"
    same = "it is also the most selective one" if chosen is best else f"the most selective one is {chosen['site']}"
    return f"{text}; {same} ({chosen['accuracy'] - chosen['control']:+.1%} against a control task)."


def _used(results: Row) -> str | None:
    rows = [row for row in results.get("ablation") or [] if row["place"] == "model"]
    ranked = [row for row in rows if row["direction"] == "top" and row["ranking"] != "random"]
    random = {row["count"]: row["property"] for row in rows if row["direction"] == "random"}
    if not ranked or not random:
        return None
    level = sorted(random)[len(random) // 2]
    own = [row for row in ranked if row["count"] == level]
    most = min(own, key=lambda row: row["property"])
    return (
        f"Inside the model, losing the {level} first units of {NAMES.get(most['ranking'], most['ranking'])} at "
        f"{results['layer']} lowers what can be read after the last layer most: to {most['property']:.1%}, and "
        f"{level} random units to {random[level]:.1%}."
    )


def _agree(results: Row) -> str | None:
    own = results.get("agreement")
    if not own:
        return None
    mean = sum(own["average_overlap"].values()) / len(own["average_overlap"])
    best = max(own["neuron_vote"], key=own["neuron_vote"].__getitem__)
    return (
        f"Two rankings share on average {percent(own['mean_overlap'])} of their first {own['count']} units "
        f"(mean Jaccard index {mean:.2f}); the one nearest to the vote of the others is {NAMES.get(best, best)}."
    )


def _recur(results: Row) -> str | None:
    own = results.get("languages") or {}
    if not own.get("pairs"):
        return None
    mean = sum(row["overlap"] for row in own["pairs"]) / len(own["pairs"])
    return (
        f"Between languages, {percent(mean)} of the first {own['count']} units of a class recur; "
        f"by chance it would be {own['chance']:.1%}."
    )


def _best_at(results: Row, scope: str) -> list[dict[str, Any]]:
    """Return what the rankings reach with about 50 units and a linear probe, best first."""
    rows = [row for row in results.get("curves") or [] if row["scope"] == scope and row["probe"] == "linear"]
    counts = sorted({row["count"] for row in rows}, key=lambda k: (abs(k - 50), k))
    if not counts:
        return []
    at = {(row["ranking"], row["direction"]): row["accuracy"] for row in rows if row["count"] == counts[0]}
    random = at.get(("random", "random"))
    made = [
        {
            "key": ranking,
            "name": NAMES.get(ranking, ranking),
            "count": counts[0],
            "accuracy": accuracy,
            "bottom": at.get((ranking, "bottom")),
            "random": random,
        }
        for (ranking, direction), accuracy in at.items()
        if direction == "top"
    ]
    return sorted(made, key=lambda row: -row["accuracy"])


def _examples(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return the units of each class, in order."""
    names = dict.fromkeys(row["name"] for row in rows)
    return [(name, [row for row in rows if row["name"] == name]) for name in names]
