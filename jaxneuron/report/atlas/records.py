"""From what one pass says of a site to the record of each of its units: numbers and texts in, pages' data out.

What costs more than a pass (descriptions and their scores, concepts, best inputs, effects) is asked for some units
only, and joins here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxneuron.atlas import Excerpts, Extremes, SiteSummary
from jaxneuron.report.atlas.unit import (
    BestInput,
    Bin,
    Concept,
    Description,
    Distribution,
    Effect,
    Estimate,
    Example,
    Examples,
    Identity,
    Neighbour,
    Polarity,
    Provenance,
    Recurrence,
    Sign,
    SignCase,
    Unit,
    Weights,
    Written,
)

AROUND = 8
"""Words of context on each side of a word that was drawn at random."""

DRAWN = 5
"""Examples of a range of values."""

NORMAL = 1.96
"""Standard errors of an interval of 95%, as if words were drawn one by one."""


class Parts(NamedTuple):
    """What is known of a unit beside what one pass says."""

    name: str = ""
    weights: Weights | None = None
    inputs: Sequence[BestInput] = ()
    writes: Sequence[Written] = ()
    concepts: Sequence[Concept] = ()  # the best first
    descriptions: Sequence[Description] = ()  # the best first
    effects: Sequence[Effect] = ()
    neighbours: Sequence[Neighbour] = ()  # beside the correlated ones, such as by weights
    recurrence: Sequence[Recurrence] = ()


def records(
    summary: SiteSummary,
    sentences: Sequence[Sequence[str]],
    *,
    model: str,
    provenance: Provenance,
    fingerprint: str = "",
    parts: Mapping[int, Parts] | None = None,
    units: Sequence[int] | None = None,
) -> Iterator[Unit]:
    """Yield the record of each unit of a site.

    Args:
        summary: what one pass says.
        sentences: the corpus, by the numbers that the summary has.
        model: its name.
        provenance: of the run.
        fingerprint: of the model's weights.
        parts: unit -> what else is known of it.
        units: those that are asked for; by default all.

    Raises:
        ValueError: a unit that the site does not have; sentences that are fewer than the summary's.
    """
    width = len(summary.moments.mean)
    asked = range(width) if units is None else units
    if wrong := [unit for unit in asked if not 0 <= unit < width]:
        raise ValueError(f"{summary.site} has no unit {wrong[0]}, only 0 to {width - 1}")
    highest = summary.exemplars.highest
    last = max(
        (int(one.sentence.max()) for one in (highest, summary.exemplars.lowest) if one.sentence.size), default=-1
    )
    if last >= len(sentences):
        raise ValueError(
            f"the summary names sentence {last}, but there are {len(sentences)}; give those it was made of"
        )
    for unit in asked:
        more = (parts or {}).get(unit, Parts())
        yield Unit(
            Identity(model, summary.site, unit, name=more.name, fingerprint=fingerprint, weights=more.weights),
            provenance,
            _distribution(summary, unit),
            sign_cases=_sign_cases(summary, unit),
            examples=_examples(summary, sentences, unit),
            inputs=more.inputs,
            writes=more.writes,
            concepts=more.concepts,
            descriptions=more.descriptions,
            effects=more.effects,
            neighbours=[*_neighbours(summary, unit), *more.neighbours],
            recurrence=more.recurrence,
        )


def share(value: float, count: int) -> Estimate:
    """Return a share of independent cases with Wilson's interval.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Example:
        >>> [round(float(one), 3) for one in share(0.0, 100)]
        [0.0, 0.0, 0.037]
    """
    if not count:
        return Estimate(value)
    square = NORMAL**2 / count
    middle = (value + square / 2) / (1 + square)
    half = np.sqrt(value * (1 - value) * square + square**2 / 4) / (1 + square)
    return Estimate(value, max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def _distribution(summary: SiteSummary, unit: int) -> Distribution:
    moments, saturation = summary.moments, summary.saturation
    mean, error = moments.mean[unit], NORMAL * np.sqrt(moments.variance[unit] / max(moments.tokens, 1))
    return Distribution(
        count=moments.tokens,
        mean=Estimate(mean, mean - error, mean + error),
        variance=moments.variance[unit],
        minimum=moments.low[unit],
        maximum=moments.high[unit],
        density=share(float(saturation.positive[unit]), saturation.tokens),
        skewness=moments.skewness[unit],
        kurtosis=moments.kurtosis[unit],
        levels=summary.quantiles.share,
        quantiles=summary.quantiles.value[unit],
        edges=summary.bars.edge[unit],
        counts=summary.bars.count[unit],
        saturated=saturation.low[unit] + saturation.high[unit],
        dead=bool(saturation.dead[unit]),
    )


def _sign_cases(summary: SiteSummary, unit: int) -> list[SignCase]:
    cases = summary.sign_cases
    if cases is None:
        return []
    signs: tuple[Sign, Sign] = ("+", "-")
    mean, low, high = cases.mean[..., unit], cases.low[..., unit], cases.high[..., unit]
    return [
        SignCase(gate, enters, cases.share[i, j, unit], mean[i, j], low[i, j], high[i, j])
        for i, gate in enumerate(signs)
        for j, enters in enumerate(signs)
    ]


def _neighbours(summary: SiteSummary, unit: int) -> list[Neighbour]:
    """Return the correlated units; opposite ones share what is highest in one with what is lowest in the other."""
    near = summary.neighbours
    if near is None:
        return []
    highest, lowest = (one.sentence for one in summary.exemplars)
    own = highest[unit][highest[unit] >= 0]
    return [
        Neighbour(
            summary.site,
            int(other),
            "correlation",
            float(r),
            shared=int(np.isin(own, (highest if r > 0 else lowest)[other]).sum()),
        )
        for other, r in zip(near.unit[unit], near.correlation[unit], strict=True)
        if other >= 0
    ]


def _examples(summary: SiteSummary, sentences: Sequence[Sequence[str]], unit: int) -> Examples:
    sides = summary.exemplars
    tops = [
        list(_top(summary, sentences, extremes, excerpts, unit))
        for extremes, excerpts in ((sides.highest, summary.highest), (sides.lowest, summary.lowest))
    ]
    up, down = _bins(summary, sentences, unit)
    return Examples(Polarity(tops[0], up), Polarity(tops[1], down), "at most one place of each text is shown")


def _words(summary: SiteSummary, sentences: Sequence[Sequence[str]], sentence: int) -> list[str]:
    words = sentences[sentence]
    return [" ".join(words)] if summary.per_text else list(words)


def _top(
    summary: SiteSummary, sentences: Sequence[Sequence[str]], found: Extremes, excerpts: Excerpts | None, unit: int
) -> Iterator[Example]:
    places = zip(found.sentence[unit].tolist(), found.word[unit].tolist(), found.value[unit].tolist(), strict=True)
    for place, (sentence, word, value) in enumerate(places):
        if sentence < 0:
            continue
        words = _words(summary, sentences, sentence)
        if excerpts is None:
            yield Example(sentence, 0, [words[word]], [value], start=word)
            continue
        first = int(excerpts.first[unit, place])
        values = excerpts.value[unit, place]
        values = values[: np.count_nonzero(~np.isnan(values))]
        yield Example(sentence, word - first, words[first : first + len(values)], values, start=first)


def _bins(summary: SiteSummary, sentences: Sequence[Sequence[str]], unit: int) -> tuple[list[Bin], list[Bin]]:
    """Return the ranges between quantiles, from the far ends to the median, with some of the words drawn in each."""
    moments, drawn = summary.moments, summary.samples.value[:, unit]
    level = np.concatenate([[0], summary.quantiles.share, [1]])
    value = np.concatenate([[moments.low[unit]], summary.quantiles.value[unit], [moments.high[unit]]])
    up: list[Bin] = []
    down: list[Bin] = []
    for low, high, lower, upper in zip(level, level[1:], value, value[1:], strict=False):
        reached = level[value == lower].max(initial=0)  # the lower end may be the value of several shares
        fraction = float(high - reached)
        if not (lower < upper and fraction > 0):  # a range of one value, or of none
            continue
        here = np.flatnonzero((drawn <= upper) & (drawn > lower if reached > 0 else drawn >= lower))
        examples = [_drawn(summary, sentences, int(sample), unit) for sample in here[:DRAWN]]
        side = down if low < 0.5 else up
        side.append(Bin(lower, upper, round(fraction * moments.tokens), fraction, len(examples), examples))
    return up[::-1], down


def _drawn(summary: SiteSummary, sentences: Sequence[Sequence[str]], sample: int, unit: int) -> Example:
    """Return a word that was drawn at random among its neighbours, of which the unit's values are not known."""
    sentence, word = int(summary.samples.sentence[sample]), int(summary.samples.word[sample])
    words = _words(summary, sentences, sentence)
    first = max(0, word - AROUND)
    shown = words[first : word + AROUND + 1]
    values = np.full(len(shown), np.nan)
    values[word - first] = summary.samples.value[sample, unit]
    return Example(sentence, word - first, shown, values, start=first)
