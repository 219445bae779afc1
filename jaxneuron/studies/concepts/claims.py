"""What the literature found and checks of our own, each re-measured: true or false as it came out."""

from collections.abc import Iterator
from typing import Any

Results = dict[str, Any]
Claim = dict[str, Any]

PITFALLS = "Antverg and Belinkov 2022"
GRAIN = "Dalvi et al. 2019"


def claims(results: Results) -> list[Claim]:
    """Return every claim that this run has figures for, with the figure that decides it."""
    return [
        *_accuracy(results),
        *_top(results),
        *_gaussian(results),
        *_few(results),
        *_ends(results),
        *_ranking_and_probe(results),
        *_layers(results),
        *_selective(results),
        *_classes(results),
        *_agreement(results),
        *_used(results),
        *_languages(results),
    ]


def _claim(claim: str, source: str, holds: bool, figure: float | None, note: str = "") -> Claim:
    return {"claim": claim, "source": source, "holds": bool(holds), "figure": figure, "note": note}


def _upos(results: Results) -> bool:
    """Whether the figures that were promised for part-of-speech tags apply."""
    return results["accuracy"]["layer"] == "upos"


def _accuracy(results: Results) -> Iterator[Claim]:
    own = results["accuracy"]
    if _upos(results):
        note = "NeuroX's probe on 20,006 words of dev, MiniLM and UD English EWT: 0.934"
        yield _claim(
            "a linear probe of all units reaches 0.94 on UPOS", "our own check", own["test"] >= 0.94, own["test"], note
        )
    yield _claim(
        "a linear probe of all units beats the most frequent class of each word",
        "Belinkov et al. 2017",
        own["test"] > own["lexicon"],
        own["test"] - own["lexicon"],
        f"{own['test']:.3f} against {own['lexicon']:.3f}",
    )


def _at(results: Results, scope: str, probe: str, near: int) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """Return the number of units next to one that was asked for, and (ranking, direction) -> its row."""
    rows = [row for row in results["curves"] if row["scope"] == scope and row["probe"] == probe]
    counts = sorted({row["count"] for row in rows}, key=lambda k: (abs(k - near), k))
    if not counts:
        return 0, {}
    return counts[0], {(row["ranking"], row["direction"]): row for row in rows if row["count"] == counts[0]}


def _top(results: Results) -> Iterator[Claim]:
    reached = {}
    for probe in ("linear", "gaussian"):
        count, at = _at(results, "all", probe, 50)
        top = {ranking: row["accuracy"] for (ranking, direction), row in at.items() if direction == "top"}
        if top and ("random", "random") in at:
            best = max(top, key=top.__getitem__)
            reached[probe] = top[best], best, at["random", "random"]["accuracy"], count
    if not reached:
        return
    probe = max(reached, key=lambda probe: reached[probe][0])
    figure, best, _, count = reached[probe]
    if _upos(results):
        yield _claim(
            f"the first {count} units of the best ranking of all layers reach 0.86 on UPOS",
            "our own check; NeuroX's ordering: 0.808 with 50",
            figure >= 0.86,
            figure,
            f"ranking: {best}, probe: {probe}",
        )
    for probe, (figure, best, random, count) in reached.items():
        yield _claim(
            f"{count} random units reach clearly less than the first {count} of the best ranking "
            f"(by 0.05 or more, {probe} probe)",
            GRAIN,
            figure - random >= 0.05,
            figure - random,
            f"{best}: {figure:.3f}, random: {random:.3f}",
        )


def _gaussian(results: Results) -> Iterator[Claim]:
    count, at = _at(results, "layer", "gaussian", 50)
    row = at.get(("gaussian", "top"))
    if row is None:
        return
    if _upos(results):
        yield _claim(
            f"the {count} units that the Gaussian probe chooses of one layer reach 0.885 on UPOS",
            "our own check; NeuroX's estimator: 0.836",
            row["accuracy"] >= 0.885,
            row["accuracy"],
            results["layer"],
        )
    yield _claim(
        f"the Gaussian probe's mutual information with {count} units is positive on test words",
        "our own check; NeuroX's estimator: -17.4 bits",
        row["information"] > 0,
        row["information"],
        "bits",
    )


def _few(results: Results) -> Iterator[Claim]:
    own = results["properties"][results["accuracy"]["layer"]]["minimal"]
    share = own["units"] / results["accuracy"]["units"]
    yield _claim(
        f"few units suffice: a tenth of them or fewer keep {own['share']:.0%} of the accuracy",
        f"{GRAIN}: 4% for part-of-speech tags, 10% for chunks; Dalvi et al. 2020",
        share <= 0.1,
        share,
        f"{own['units']} of {results['accuracy']['units']} units",
    )


def _ends(results: Results) -> Iterator[Claim]:
    count, at = _at(results, "all", "linear", 50)
    rankings = [ranking for ranking, direction in at if direction == "bottom"]
    right = [r for r in rankings if at[r, "top"]["accuracy"] > at[r, "bottom"]["accuracy"]]
    if rankings:
        yield _claim(
            f"the first {count} units beat the last {count} in every ranking",
            "Fan et al. 2023",
            len(right) == len(rankings),
            len(right),
            f"in {len(right)} of {len(rankings)} rankings",
        )


def _ranking_and_probe(results: Results) -> Iterator[Claim]:
    best = {}
    for probe in ("linear", "gaussian"):
        count, at = _at(results, "layer", probe, 50)
        top = {ranking: row["accuracy"] for (ranking, direction), row in at.items() if direction == "top"}
        if top:
            best[probe] = max(top, key=top.__getitem__), count, top
    if "linear" in best and {"linear", "probeless"} <= best["linear"][2].keys():
        name, count, top = best["linear"]
        yield _claim(
            "probeless is not the ranking that serves a probe best",
            PITFALLS,
            name != "probeless",
            top["probeless"] - top[name],
            f"with {count} units, a linear probe does best with {name}",
        )
    if len(best) == 2:
        count, small = _at(results, "layer", "linear", 10)
        other = _at(results, "layer", "gaussian", 10)[1]
        both = [pair for pair in small if pair in other and pair[1] == "top" and pair[0] != "random"]
        ahead = [pair for pair in both if other[pair]["accuracy"] > small[pair]["accuracy"]]
        yield _claim(
            f"with few units ({count}), the linear probe beats the Gaussian one on most rankings",
            "our own check; " + PITFALLS + " compare two probes on every ranking",
            2 * len(ahead) < len(both),
            (len(both) - len(ahead)) / len(both),
            f"on {len(both) - len(ahead)} of {len(both)} rankings",
        )


def _layers(results: Results) -> Iterator[Claim]:
    rows = results["layers"]
    best = max(rows, key=lambda row: row["accuracy"])
    if len(rows) > 2:
        yield _claim(
            "the layer that tells most is not the last one",
            "Belinkov et al. 2017; Durrani et al. 2020",
            best is not rows[-1],
            best["accuracy"] - rows[-1]["accuracy"],
            best["site"],
        )
    codes = [row for row in rows if row.get("bits") is not None]
    shortest = min(codes, key=lambda row: row["bits"])
    yield _claim(
        "the shortest code and the highest accuracy are of the same layer",
        "Voita and Titov 2020",
        shortest["site"] == best["site"],
        shortest["bits"],
        f"shortest code: {shortest['site']}, highest accuracy: {best['site']}",
    )


def _selective(results: Results) -> Iterator[Claim]:
    rows = results.get("selective") or []
    if len(rows) > 1:
        few, many = rows[0], rows[-1]
        fall = (few["accuracy"] - few["control"]) - (many["accuracy"] - many["control"])
        yield _claim(
            f"selectivity falls from {few['count']} to {many['count']} units",
            "Hewitt and Liang 2019: larger probes memorise more",
            fall > 0,
            fall,
            f"{few['accuracy'] - few['control']:.3f} against {many['accuracy'] - many['control']:.3f}",
        )
    layers = results["layers"]
    first, last = (row["accuracy"] - row["control"] for row in (layers[0], layers[-1]))
    yield _claim(
        "selectivity rises from the first layer to the last",
        "Hewitt and Liang 2019: a higher layer may be more selective, though less accurate",
        last > first,
        last - first,
        f"{first:.3f} and {last:.3f}",
    )


def _classes(results: Results) -> Iterator[Claim]:
    size = {row["name"]: row["units"] for row in results["classes"]}
    if not _upos(results):
        return
    groups = [
        [size[tag] for tag in tags if tag in size]
        for tags in (("NOUN", "VERB", "ADJ", "ADV"), ("DET", "AUX", "CCONJ", "PART"))
    ]
    if all(groups):
        opened, closed = (sum(group) / len(group) for group in groups)
        yield _claim(
            "open classes (nouns, verbs, adjectives, adverbs) are spread over more units than closed ones",
            f"{GRAIN}; Durrani et al. 2020",
            opened > closed,
            opened / closed,
            f"half of the weight is held by {opened:.0f} and {closed:.0f} units on average",
        )


def _agreement(results: Results) -> Iterator[Claim]:
    own = results["agreement"]
    yield _claim(
        f"rankings share 60% of their first {own['count']} units",
        "Fan et al. 2023",
        own["mean_overlap"] >= 0.6,
        own["mean_overlap"],
        "mean over all pairs of methods",
    )


def _used(results: Results) -> Iterator[Claim]:
    rows = [row for row in results["ablation"] if row["place"] == "model" and row["ranking"] != "nothing"]
    counts = sorted({row["count"] for row in rows})
    if not counts:
        return
    middle = counts[len(counts) // 2]
    at = {row["ranking"]: row["property"] for row in rows if row["count"] == middle}
    random = at.pop("random")
    most = min(at, key=at.__getitem__)
    yield _claim(
        f"inside the model, the first {middle} units are missed more than random ones, in every ranking",
        PITFALLS,
        max(at.values()) < random,
        random - max(at.values()),
        f"random: {random:.3f}, least missed: {max(at, key=at.__getitem__)}",
    )
    probe = _at(results, "layer", "linear", middle)[1]
    top = {ranking: row["accuracy"] for (ranking, direction), row in probe.items() if direction == "top"}
    if top:
        best = max(top, key=top.__getitem__)
        yield _claim(
            "the ranking that serves a probe best is not the one whose units the model misses most",
            f"{PITFALLS}: what is encoded need not be used",
            best != most,
            at[best] - at[most] if best in at else None,
            f"probe: {best}, model: {most}",
        )


def _languages(results: Results) -> Iterator[Claim]:
    own = results.get("languages") or {}
    for pair in own.get("pairs", []):
        yield _claim(
            f"the first units of a class recur between {pair['one']} and {pair['other']} (p < 0.001)",
            "Stańczak et al. 2022, who find an overlap across languages in multilingual models",
            pair["p"] is not None and pair["p"] < 0.001,
            pair["overlap"],
            f"chance: {own['chance']:.4f}; {pair['classes']} classes",
        )
