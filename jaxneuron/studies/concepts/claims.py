"""What the literature found and checks of our own, each re-measured: true or false as it came out."""

from collections.abc import Iterator, Mapping
from statistics import mean
from typing import NamedTuple

from jaxneuron.studies._study import Claim
from jaxneuron.studies.concepts.methods import Method
from jaxneuron.studies.concepts.results import (
    CHANCE,
    Accuracy,
    Agreement,
    Class,
    Direction,
    Extent,
    Layer,
    Lost,
    Place,
    Point,
    Reader,
    Recurrence,
    Results,
    Selective,
    Smallest,
    near,
    of,
    tops,
)

PITFALLS = "Antverg and Belinkov 2022"
GRAIN = "Dalvi et al. 2019"

PROMISED = "upos"
"""The layer of labels whose figures were promised: part-of-speech tags."""

OPEN, CLOSED = ("NOUN", "VERB", "ADJ", "ADV"), ("DET", "AUX", "CCONJ", "PART")
"""Classes of words that take new ones, and that do not."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim that this run has figures for, with the figure that decides it."""
    own = results.accuracy
    promised = own is not None and own.layer == PROMISED
    if own:
        yield from _accuracy(own, promised)
    yield from _top(results.curves, promised)
    yield from _gaussian(results, promised)
    if own and own.layer in results.properties:
        yield _few(own, results.properties[own.layer].minimal)
    yield from _ends(results.curves)
    yield from _ranking_and_probe(results.curves)
    if results.layers:
        yield from _layers(results.layers)
        yield from _selective(results.selective, results.layers)
    if promised:
        yield from _classes(results.classes)
    if results.agreement:
        yield _agreement(results.agreement)
    yield from _used(results.ablation, results.curves)
    if results.languages:
        yield from _languages(results.languages)


def _best(accuracies: Mapping[str, float]) -> str:
    return max(accuracies, key=lambda name: accuracies[name])


def _accuracy(own: Accuracy, promised: bool) -> Iterator[Claim]:
    if promised:
        note = "NeuroX's probe on 20,006 words of dev, MiniLM and UD English EWT: 0.934"
        yield Claim(
            "a linear probe of all units reaches 0.94 on UPOS", "our own check", own.test >= 0.94, own.test, note
        )
    yield Claim(
        "a linear probe of all units beats the most frequent class of each word",
        "Belinkov et al. 2017",
        own.test > own.lexicon,
        own.test - own.lexicon,
        f"{own.test:.3f} against {own.lexicon:.3f}",
    )


class _Reached(NamedTuple):
    accuracy: float
    ranking: str  # that reaches it
    random: float
    count: int


def _top(curves: list[Point], promised: bool) -> Iterator[Claim]:
    reached: dict[Reader, _Reached] = {}
    for probe in Reader:
        at = near(of(curves, Extent.ALL, probe), 50)
        if (top := tops(at)) and CHANCE in at:
            best = _best(top)
            reached[probe] = _Reached(top[best], best, at[CHANCE].accuracy, at[CHANCE].count)
    if not reached:
        return
    probe, found = max(reached.items(), key=lambda item: item[1].accuracy)
    if promised:
        yield Claim(
            f"the first {found.count} units of the best ranking of all layers reach 0.86 on UPOS",
            "our own check; NeuroX's ordering: 0.808 with 50",
            found.accuracy >= 0.86,
            found.accuracy,
            f"ranking: {found.ranking}, probe: {probe}",
        )
    for probe, found in reached.items():
        yield Claim(
            f"{found.count} random units reach clearly less than the first {found.count} of the best ranking "
            f"(by 0.05 or more, {probe} probe)",
            GRAIN,
            found.accuracy - found.random >= 0.05,
            found.accuracy - found.random,
            f"{found.ranking}: {found.accuracy:.3f}, random: {found.random:.3f}",
        )


def _gaussian(results: Results, promised: bool) -> Iterator[Claim]:
    row = near(of(results.curves, Extent.LAYER, Reader.GAUSSIAN), 50).get((Method.GAUSSIAN, Direction.TOP))
    if row is None:
        return
    if promised:
        yield Claim(
            f"the {row.count} units that the Gaussian probe chooses of one layer reach 0.885 on UPOS",
            "our own check; NeuroX's estimator: 0.836",
            row.accuracy >= 0.885,
            row.accuracy,
            results.layer or "",
        )
    yield Claim(
        f"the Gaussian probe's mutual information with {row.count} units is positive on test words",
        "our own check; NeuroX's estimator: -17.4 bits",
        row.information > 0,
        row.information,
        "bits",
    )


def _few(own: Accuracy, fewest: Smallest) -> Claim:
    share = fewest.units / own.units
    return Claim(
        f"few units suffice: a tenth of them or fewer keep {fewest.share:.0%} of the accuracy",
        f"{GRAIN}: 4% for part-of-speech tags, 10% for chunks; Dalvi et al. 2020",
        share <= 0.1,
        share,
        f"{fewest.units} of {own.units} units",
    )


def _ends(curves: list[Point]) -> Iterator[Claim]:
    at = near(of(curves, Extent.ALL, Reader.LINEAR), 50)
    bottom = {ranking: point for (ranking, direction), point in at.items() if direction is Direction.BOTTOM}
    right = [name for name, point in bottom.items() if tops(at)[name] > point.accuracy]
    if bottom:
        count = next(iter(bottom.values())).count
        yield Claim(
            f"the first {count} units beat the last {count} in every ranking",
            "Fan et al. 2023",
            len(right) == len(bottom),
            len(right),
            f"in {len(right)} of {len(bottom)} rankings",
        )


def _ranking_and_probe(curves: list[Point]) -> Iterator[Claim]:
    linear, gaussian = (of(curves, Extent.LAYER, probe) for probe in Reader)
    at = near(linear, 50)
    top = tops(at)
    if {Method.LINEAR, Method.PROBELESS} <= top.keys():
        name = _best(top)
        yield Claim(
            "probeless is not the ranking that serves a probe best",
            PITFALLS,
            name != Method.PROBELESS,
            top[Method.PROBELESS] - top[name],
            f"with {at[name, Direction.TOP].count} units, a linear probe does best with {name}",
        )
    if top and tops(near(gaussian, 50)):
        small, other = near(linear, 10), tops(near(gaussian, 10))
        both = [(accuracy, other[name]) for name, accuracy in tops(small).items() if name in other]
        ahead = sum(two > one for one, two in both)
        count = next(iter(small.values())).count
        yield Claim(
            f"with few units ({count}), the linear probe beats the Gaussian one on most rankings",
            "our own check; " + PITFALLS + " compare two probes on every ranking",
            2 * ahead < len(both),
            (len(both) - ahead) / len(both),
            f"on {len(both) - ahead} of {len(both)} rankings",
        )


def _layers(rows: list[Layer]) -> Iterator[Claim]:
    best = max(rows, key=lambda row: row.accuracy)
    if len(rows) > 2:
        yield Claim(
            "the layer that tells most is not the last one",
            "Belinkov et al. 2017; Durrani et al. 2020",
            best is not rows[-1],
            best.accuracy - rows[-1].accuracy,
            best.site,
        )
    codes = {row.site: row.bits for row in rows if row.bits is not None}
    if codes:
        shortest = min(codes, key=lambda site: codes[site])
        yield Claim(
            "the shortest code and the highest accuracy are of the same layer",
            "Voita and Titov 2020",
            shortest == best.site,
            codes[shortest],
            f"shortest code: {shortest}, highest accuracy: {best.site}",
        )


def _selective(rows: list[Selective], layers: list[Layer]) -> Iterator[Claim]:
    if len(rows) > 1:
        few, many = rows[0], rows[-1]
        fall = few.selectivity - many.selectivity
        yield Claim(
            f"selectivity falls from {few.count} to {many.count} units",
            "Hewitt and Liang 2019: larger probes memorise more",
            fall > 0,
            fall,
            f"{few.selectivity:.3f} against {many.selectivity:.3f}",
        )
    first, last = layers[0].selectivity, layers[-1].selectivity
    yield Claim(
        "selectivity rises from the first layer to the last",
        "Hewitt and Liang 2019: a higher layer may be more selective, though less accurate",
        last > first,
        last - first,
        f"{first:.3f} and {last:.3f}",
    )


def _classes(rows: list[Class]) -> Iterator[Claim]:
    groups = [[row.units for row in rows if row.name in tags] for tags in (OPEN, CLOSED)]
    if all(groups):
        opened, closed = map(mean, groups)
        yield Claim(
            "open classes (nouns, verbs, adjectives, adverbs) are spread over more units than closed ones",
            f"{GRAIN}; Durrani et al. 2020",
            opened > closed,
            opened / closed,
            f"half of the weight is held by {opened:.0f} and {closed:.0f} units on average",
        )


def _agreement(own: Agreement) -> Claim:
    return Claim(
        f"rankings share 60% of their first {own.count} units",
        "Fan et al. 2023",
        own.mean_overlap >= 0.6,
        own.mean_overlap,
        "mean over all pairs of methods",
    )


def _used(ablation: list[Lost], curves: list[Point]) -> Iterator[Claim]:
    rows = [row for row in ablation if row.place is Place.MODEL and row.ranking != Method.NOTHING]
    counts = sorted({row.count for row in rows})
    if not counts:
        return
    middle = counts[len(counts) // 2]
    at = {row.ranking: row.property for row in rows if row.count == middle and row.property is not None}
    random = at.pop(Method.RANDOM)
    most, least = min(at, key=lambda name: at[name]), _best(at)
    yield Claim(
        f"inside the model, the first {middle} units are missed more than random ones, in every ranking",
        PITFALLS,
        at[least] < random,
        random - at[least],
        f"random: {random:.3f}, least missed: {least}",
    )
    if top := tops(near(of(curves, Extent.LAYER, Reader.LINEAR), middle)):
        best = _best(top)
        yield Claim(
            "the ranking that serves a probe best is not the one whose units the model misses most",
            f"{PITFALLS}: what is encoded need not be used",
            best != most,
            at[best] - at[most] if best in at else None,
            f"probe: {best}, model: {most}",
        )


def _languages(own: Recurrence) -> Iterator[Claim]:
    for pair in own.pairs:
        yield Claim(
            f"the first units of a class recur between {pair.one} and {pair.other} (p < 0.001)",
            "Stańczak et al. 2022, who find an overlap across languages in multilingual models",
            pair.p is not None and pair.p < 0.001,
            pair.overlap,
            f"chance: {own.chance:.4f}; {pair.classes} classes",
        )
