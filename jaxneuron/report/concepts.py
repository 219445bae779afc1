"""What the page of the study `concepts` shows, gathered from its run: the template only lays it out.

Every section that a run has no figures for is None or empty, and the template leaves it out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxneuron.report import concept_charts as charts
from jaxneuron.report._run import Run
from jaxneuron.report.text import claims_held, listed, most, order, percent, rate, shown

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
        claims_held([claim["holds"] for claim in whole.get("claims") or []]),
    ]
    return [sentence for sentence in sentences if sentence]


def _accuracy(results: Row) -> str | None:
    row = results.get("accuracy")
    if not row:
        return None
    return (
        f"A linear probe of all {row['units']:,} units tells {row['layer']} right for {rate(row['test'])} of test "
        f"words (always the most frequent class: {rate(row['majority'])}; "
        f"the word's most frequent: {rate(row['lexicon'])})."
    )


def _few(results: Row) -> str | None:
    own = (results.get("properties") or {}).get((results.get("accuracy") or {}).get("layer"))
    if not own or not own.get("minimal"):
        return None
    share = own["minimal"]["units"] / results["accuracy"]["units"]
    enough = percent(own["minimal"]["share"])
    return f"{own['minimal']['units']} units ({rate(share)}) are enough for {enough} of that accuracy."


def _best(results: Row) -> str | None:
    best = _best_at(results, "all")
    if not best:
        return None
    first, last = best[0], best[-1]
    text = f"The {first['count']} first units of "
    if len(best) > 1 and order(first["accuracy"], last["accuracy"], rate) == 0:
        text += f"every ranking reach {rate(first['accuracy'])}"
    else:
        text += f"the best ranking ({listed(_names(_first(best)))}) reach {rate(first['accuracy'])}"
        text += f", those of the worst ({last['name']}) {rate(last['accuracy'])}" if len(best) > 1 else ""
    random = first["random"]
    if random is None:
        return f"{text}."
    text += f"; as many random ones {rate(random)}"
    below = [row for row in best if order(row["accuracy"], random, rate) <= 0]
    return text + (f", which {listed(_names(below))} did not exceed." if below else ".")


def _first(rows: Sequence[Row]) -> list[Row]:
    return most(rows, lambda row: row["accuracy"], rate)


def _names(rows: Sequence[Row]) -> list[str]:
    return [str(row["name"]) for row in rows]


def _layer(results: Row) -> str | None:
    rows = results.get("layers")
    if not rows:
        return None
    best = most(rows, lambda row: row["accuracy"], rate)
    chosen = most(rows, _selectivity, rate)
    text = f"{_layers(best)} tell{'s' if len(best) == 1 else ''} most ({rate(best[0]['accuracy'])})"
    same = "the same" if chosen == best else _layers(chosen).lower()
    verb = "is" if len(chosen) == 1 else "are"
    return f"{text}; {same} {verb} most selective ({rate(_selectivity(chosen[0]))} above a control task)."


def _layers(rows: Sequence[Row]) -> str:
    return f"The layer{'s' if len(rows) > 1 else ''} {listed([row['site'] for row in rows])}"


def _selectivity(row: Row) -> float:
    return row["accuracy"] - row["control"]


def _used(results: Row) -> str | None:
    rows = [row for row in results.get("ablation") or [] if row["place"] == "model"]
    ranked = [row for row in rows if row["direction"] == "top" and row["ranking"] != "random"]
    random = {row["count"]: row["property"] for row in rows if row["direction"] == "random"}
    if not ranked or not random:
        return None
    level = sorted(random)[len(random) // 2]
    own = [row for row in ranked if row["count"] == level]
    missed = most(own, lambda row: -row["property"], rate)
    names = listed([str(NAMES.get(row["ranking"], row["ranking"])) for row in missed])
    than = {-1: "less than", 0: "as much as", 1: "more than"}[order(missed[0]["property"], random[level], rate)]
    whole = next((row["property"] for row in rows if row["ranking"] == "nothing"), None)
    return (
        f"When the model loses the {level} first units of {names} at {results['layer']}, which it misses most, "
        f"{rate(missed[0]['property'])} can be read after its last layer, {than} without {level} random units "
        f"({rate(random[level])}{f'; with all units {rate(whole)}' if whole is not None else ''})."
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
        f"by chance it would be {rate(own['chance'])}."
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
