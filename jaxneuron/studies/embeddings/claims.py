"""What was published on units of embeddings, asked again: true or false as it came out."""

from collections.abc import Iterator
from itertools import combinations
from statistics import fmean, median
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from jaxneuron.report.text import number, p_value, percent
from jaxneuron.studies._study import Claim
from jaxneuron.studies.embeddings.experts import star
from jaxneuron.studies.embeddings.results import STATIC, Component, Expert, Few, Importance, Origin, Results

TUTORIAL = "Sajjad, Durrani, Dalvi 2021, tutorial"
ERASURE = f"{TUTORIAL}; Li, Monroe, Jurafsky 2016"
FEWER = f"{TUTORIAL}: fastText requires fewer neurons than BERT; Torroba Hennigen et al. 2020"
SPREAD = f"{TUTORIAL}; Durrani et al. 2020"
EXPERTS = f"{TUTORIAL}; Suau et al. 2020"

BASIC, COMPLEX = ("upos", "kind"), ("deprel", "after_article")
"""Properties that a word mostly has by itself, and those that it has by its place in the sentence."""

DOMINANT = (31, 26)
"""The published units of GloVe with 50 units, counted from 1."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim, with the figure that decides it."""
    yield from _frequency(results)
    for one in results.sources:
        if one.what != "static":
            yield from _fewer(results.few, one.name)
    yield from _classes(results)
    yield from _blocks(results)
    yield from _parts(results)
    yield from _experts(results.experts, results.sources)
    for told in ("information is more distributed in BERT than in XLNet", "XLNet learns concepts in fewer units"):
        yield Claim(told, f"{TUTORIAL}: comparing architectures", None, None, "weights of XLNet cannot be had here")


def dominant(results: Results) -> list[int]:
    """Return the unit that is missed most (median of the tasks), and the one that is missed most without it."""
    found: list[int] = []
    for row in results.erased:
        found = row.without if len(row.without) > len(found) else found
    return found


def _frequency(results: Results) -> Iterator[Claim]:
    units, plain = dominant(results), [row for row in results.erased if not row.dropout]
    order = ("", " when the first is left out")
    for place, (unit, said) in enumerate(zip(units, order, strict=True)):
        rows = [row for row in plain if len(row.without) == place]
        first = [int(np.argmax(row.importance)) == unit for row in rows]
        whole, mean = (median(one[unit] for one in side) for side in zip(*map(_both, rows), strict=True))
        yield Claim(
            f"one unit of the static vectors is missed most in more than half of the tasks{said}",
            f"{ERASURE}: two dominant neurons",
            sum(first) > len(rows) / 2,
            sum(first) / len(rows),
            f"unit {unit + 1}, counted from 1: without it the loss grows by {percent(whole)} (median); set to its "
            f"mean instead of nought, by {percent(mean)}",
        )
        if not place:
            yield Claim(
                "this is no matter of nought alone: set to its mean, it is missed at least half as much",
                "our own check: nought says much of a unit whose mean is far from it",
                mean >= whole / 2,
                mean / whole,
                f"the loss grows by {percent(mean)} and {percent(whole)} (medians)",
            )
    strength = np.abs(results.frequent)
    place = [int((strength > strength[unit]).sum()) + 1 for unit in units]
    yield Claim(
        "these two units are of frequency: among the tenth of the units that go with it most",
        f"{ERASURE}: frequency neurons",
        max(place) <= max(2, len(strength) // 10),
        max(place),
        "; ".join(
            f"unit {unit + 1}: rank correlation {number(results.frequent[unit])}, place {at} of {len(strength)}"
            for unit, at in zip(units, place, strict=True)
        ),
    )
    same = {unit + 1 for unit in units} == set(DOMINANT)
    yield Claim(
        "they are units 31 and 26",
        f"{ERASURE}: 31st and 26th dimension removed",
        same if len(strength) == 50 else None,
        [unit + 1 for unit in units],
        "" if len(strength) == 50 else "these are of GloVe with 50 units",
    )
    yield _dropout(results.erased)


def _both(row: Importance) -> tuple[list[float], list[float]]:
    return row.importance, row.at_mean


def _dropout(rows: list[Importance]) -> Claim:
    own = {(row.task, row.dropout): row.effective for row in rows if not row.without}
    tasks = list(dict.fromkeys(task for task, _ in own))
    more = [task for task in tasks if own[task, True] > own[task, False]]
    means = [sum(own[task, side] for task in tasks) / len(tasks) for side in (False, True)]
    return Claim(
        "with dropout, what is missed is distributed over more units in every task",
        f"{ERASURE}: GloVe with dropout",
        len(more) == len(tasks),
        len(more) / len(tasks),
        f"on average over {number(means[0], 1)} units without, and over {number(means[1], 1)} with dropout (exp of the "
        "entropy)",
    )


def ahead(rows: list[Few], one: str, other: str, count: int) -> list[tuple[str, float, float]]:
    """Return of each property how much more one source tells than another by so many units, and is right more often.

    Args:
        rows: what was measured of all sources.
        one: the source whose lead is asked for.
        other: the source that it is compared with.
        count: how many units of each.
    """
    at = {(row.of, row.source): row for row in rows if row.count == count}
    names = dict.fromkeys(row.of for row in rows)
    both = [(of, at[of, one], at[of, other]) for of in names if (of, one) in at and (of, other) in at]
    return [(of, a.told - b.told, a.accuracy - b.accuracy) for of, a, b in both]


def _fewer(rows: list[Few], model: str) -> Iterator[Claim]:
    for other in (f"{model}, last layer", f"{model}, words"):
        for count in sorted({row.count for row in rows if row.count in (2, 10, 50)}):
            pairs = ahead(rows, STATIC, other, count)
            if not pairs:
                continue
            wins = [of for of, more, _ in pairs if more > 0]
            right = sum(more > 0 for _, _, more in pairs)
            yield Claim(
                f"{count} units of static vectors tell more than {count} of {other}, in most properties",
                FEWER if other.endswith("layer") else "our own check: is it the context, or the vectors?",
                len(wins) > len(pairs) / 2,
                len(wins) / len(pairs),
                "; ".join(f"{of} {percent(more, 1)}" for of, more, _ in pairs)
                + f" of the entropy; right more often in {right} of {len(pairs)}",
            )


def _classes(results: Results) -> Iterator[Claim]:
    held: dict[str, dict[str, float]] = {}
    for row in results.classes:
        held.setdefault(row.source, {})[row.name] = row.units / row.of
    for name, own in held.items():
        low, high = min(own, key=lambda one: own[one]), max(own, key=lambda one: own[one])
        yield Claim(
            f"{name}: some classes are localised, others distributed (by a factor of two or more)",
            f"{SPREAD}: linguistic concepts are learned in both localised and distributed fashion",
            own[high] >= 2 * own[low],
            own[high] / own[low],
            f"half of the weight of {low} is in {percent(own[low], 1)} of the units, of {high} in "
            f"{percent(own[high], 1)}",
        )
    for one, other in combinations(held, 2):
        same = [name for name in held[one] if name in held[other]]
        if len(same) < 4:
            continue
        a, b = ([held[side][name] for name in same] for side in (one, other))
        varied = len(set(a)) > 1 and len(set(b)) > 1
        found: Any = spearmanr(a, b) if varied else None
        yield Claim(
            f"the same classes are distributed in {one} and in {other}",
            f"{SPREAD}: consistent across various architectures",
            bool(found.statistic > 0 and found.pvalue < 0.05) if varied else None,
            float(found.statistic) if varied else None,
            f"rank correlation over {len(same)} classes, p {p_value(float(found.pvalue))}"
            if varied
            else "all classes take as many units",
        )


def _blocks(results: Results) -> Iterator[Claim]:
    depth = {(row.source, row.of): row.depth for row in results.blocks}
    for name in dict.fromkeys(row.source for row in results.blocks):
        low = next((of for of in BASIC if (name, of) in depth), None)
        high = next((of for of in COMPLEX if (name, of) in depth), None)
        if low is None or high is None:
            continue
        yield Claim(
            f"{name}: the first units of {low} lie in lower blocks than those of {high}",
            f"{SPREAD}: basic information at the lower layers, complex syntax at the higher",
            depth[name, low] < depth[name, high],
            depth[name, high] - depth[name, low],
            f"mean depth {number(depth[name, low])} and {number(depth[name, high])}, 0 at the words' vectors and 1 "
            "after the last block",
        )


def _parts(results: Results) -> Iterator[Claim]:
    for name in dict.fromkeys(row.source for row in results.parts):
        own = [row for row in results.parts if row.source == name and row.part != "residual"]
        narrow = [row for row in own if row.part != "mlp/hidden"]
        (deep, early), (same, other) = (_sides(rows) for rows in (own, narrow))
        yield Claim(
            f"{name}: the MLP, deeper in a block, has better experts than its attention",
            f"{EXPERTS}: neurons of deeper layers (B) encode more sense concepts than earlier ones (A)",
            deep > early,
            deep - early,
            f"the best average precision of a unit of each part, mean over concepts, blocks and parts: "
            f"{number(deep, 3)} and {number(early, 3)}; of parts as wide as the "
            f"attention alone {number(same, 3)} and {number(other, 3)}. Concepts are words here, not senses",
        )


def _sides(rows: list[Component]) -> list[float]:
    return [fmean(v for row in rows if row.part.startswith("mlp") is side for v in row.best) for side in (True, False)]


def _experts(rows: list[Expert], sources: list[Origin]) -> Iterator[Claim]:
    kinds = {one.what: one.name for one in sources}
    both = "causal" in kinds and "masked" in kinds
    claim = "a causal model has a larger share of experts than a masked one (at the precision where they differ most)"
    source = f"{EXPERTS}: GPT2-L 12.9%, BERT-L 7.2%, DistilBERT 4.0%"
    if not both:
        yield Claim(claim, source, None, None, "only one kind of model was given")
        return
    gamma = star(rows)
    share = {row.source: row for row in rows if row.gamma == gamma}
    causal, masked = share[kinds["causal"]], share[kinds["masked"]]
    yield Claim(
        claim,
        source,
        causal.units > masked.units,
        causal.units - masked.units,
        f"average precision of at least {gamma:g}: {percent(causal.units, 2)} of {causal.source}, "
        f"{percent(masked.units, 2)} of {masked.source}; shuffled {percent(causal.shuffled, 2)} and "
        f"{percent(masked.shuffled, 2)}",
    )
