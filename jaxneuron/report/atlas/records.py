"""From what one pass over a text says of a site to the record of each of its units: what pages show."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxneuron._wilson import NORMAL, wilson
from jaxneuron.atlas import Excerpts, Exemplars, Extremes, Samples, SiteSummary
from jaxneuron.report.atlas import unit as record

SHOWN = 3
"""Examples of each range of values."""

EDGES = (0.5, 0.75, 0.95, 0.99, 0.999, 1.0)
"""Of the ranges of values that examples are drawn from, as shares of the words; the lower side has the same."""

BEFORE, AFTER = 12, 8
"""Words around what is shown."""


class Reading(NamedTuple):
    """What all records share."""

    sentences: Sequence[Sequence[str]]
    model: str
    fingerprint: str
    provenance: record.Provenance


def records(read: Reading, found: dict[str, SiteSummary], units: Sequence[int] | None) -> Iterator[record.Unit]:
    """Yield the record of every unit of every site, or of some of them.

    Args:
        read: what was read.
        found: site -> what is known of its units.
        units: their numbers; a site that has fewer shows those it has. None: all.

    Raises:
        ValueError: a unit that no site has; fewer sentences than the summaries name.
    """
    widths = {site: len(summary.moments.mean) for site, summary in found.items()}
    wrong = [unit for unit in units or () if not 0 <= unit < max(widths.values())]
    if wrong:
        raise ValueError(f"no site has a unit {wrong[0]}; the widest has 0 to {max(widths.values()) - 1}")
    found = {site: summary._replace(samples=_rounded(summary.samples)) for site, summary in found.items()}
    for site, width in widths.items():
        last = max((int(one.sentence.max(initial=-1)) for one in found[site].exemplars), default=-1)
        if last >= len(read.sentences):
            raise ValueError(
                f"the summary of {site} names sentence {last}, but there are {len(read.sentences)}; give those it was "
                "made of"
            )
        for unit in range(width) if units is None else [one for one in units if one < width]:
            yield _record(read, found, site, unit)


def _record(read: Reading, found: dict[str, SiteSummary], site: str, unit: int) -> record.Unit:
    summary = found[site]
    dead = bool(summary.saturation.dead[unit])
    return record.Unit(
        identity=record.Identity(read.model, site, unit, fingerprint=read.fingerprint),
        provenance=read.provenance,
        distribution=_distribution(summary, unit),
        sign_cases=_sign_cases(found, site, unit),
        examples=None if dead else _examples(read, summary, unit),
        neighbours=_neighbours(summary, unit),
    )


def share(value: float, count: int) -> record.Estimate:
    """Return a share of independent cases with Wilson's interval.

    Example:
        >>> [round(float(one), 3) for one in share(0.0, 100)]
        [0.0, 0.0, 0.037]
    """
    if not count:
        return record.Estimate(value)
    return record.Estimate(value, *map(float, wilson(value, count, NORMAL)))


def _distribution(summary: SiteSummary, unit: int) -> record.Distribution:
    moments, ends, bars = summary.moments, summary.saturation, summary.bars
    # as if words were drawn one by one
    mean, error = float(moments.mean[unit]), NORMAL * float(np.sqrt(moments.variance[unit] / max(moments.tokens, 1)))
    flat = moments.low[unit] == moments.high[unit]
    return record.Distribution(
        count=moments.tokens,
        mean=record.Estimate(mean, mean - error, mean + error),
        variance=float(moments.variance[unit]),
        minimum=float(moments.low[unit]),
        maximum=float(moments.high[unit]),
        density=share(float(ends.positive[unit]), ends.tokens),
        skewness=float(moments.skewness[unit]),
        kurtosis=float(moments.kurtosis[unit]),
        levels=summary.quantiles.share,
        quantiles=summary.quantiles.value[unit],
        edges=() if flat else bars.edge[unit],
        counts=() if flat else bars.count[unit],
        saturated=float(ends.low[unit] + ends.high[unit]),
        dead=bool(ends.dead[unit]),
    )


def _sign_cases(found: dict[str, SiteSummary], site: str, unit: int) -> list[record.SignCase]:
    """Return the four cases of a unit of a gated layer, whichever of its three sites is asked."""
    layer, _, part = site.rpartition("/")
    gate = found.get(f"{layer}/gate")
    cases = gate.sign_cases if gate is not None and part in ("gate", "in", "hidden") else None
    if cases is None:
        return []
    signs: tuple[record.Sign, record.Sign] = ("+", "-")
    told = []
    for one, first in enumerate(signs):
        for other, second in enumerate(signs):
            values = (table[one, other, unit] for table in (cases.mean, cases.low, cases.high))
            mean, low, high = (None if np.isnan(value) else float(value) for value in values)
            told.append(record.SignCase(first, second, float(cases.share[one, other, unit]), mean, low, high))
    return told


def _neighbours(summary: SiteSummary, unit: int) -> list[record.Neighbour]:
    """Return the correlated units."""
    near = summary.neighbours
    if near is None:
        return []
    told = []
    for other, value in zip(near.unit[unit].tolist(), near.correlation[unit].tolist(), strict=True):
        if other >= 0:
            common = shared(summary.exemplars, summary.exemplars, unit, other, alike=value > 0)
            told.append(record.Neighbour(summary.site, other, "correlation", value, shared=common))
    return told


def shared(one: Exemplars, other: Exemplars, unit: int, another: int, *, alike: bool) -> int:
    """Return in how many of the texts where a unit is highest another is highest; or, of opposite units, lowest.

    Args:
        one: of the unit's site.
        other: of the other's.
        unit: its number.
        another: the other's.
        alike: whether they go together.
    """
    own = one.highest.sentence[unit]
    return int(np.isin(own[own >= 0], (other.highest if alike else other.lowest).sentence[another]).sum())


def _examples(read: Reading, summary: SiteSummary, unit: int) -> record.Examples:
    """Return both sides of a unit; where it is mostly at one value, as at 0, places of that value are on neither."""
    sides, quantiles = [], summary.quantiles
    middle = float(quantiles.value[unit, int(np.argmin(np.abs(quantiles.share - 0.5)))])
    for rises, extremes, excerpts in (
        (True, summary.exemplars.highest, summary.highest),
        (False, summary.exemplars.lowest, summary.lowest),
    ):
        there = (extremes.sentence[unit] >= 0) & (extremes.value[unit] != middle)
        ranks = np.flatnonzero(there).tolist()
        top = [_example(read, summary, extremes, excerpts, unit, rank) for rank in ranks]
        sides.append(record.Polarity(top, _bins(read, summary, unit, rises=rises)))
    return record.Examples(*sides, duplicates="one word of a text at most; a text that occurs again is shown once")


def _example(
    read: Reading, summary: SiteSummary, extremes: Extremes, excerpts: Excerpts | None, unit: int, rank: int
) -> record.Example:
    sentence, word = int(extremes.sentence[unit, rank]), int(extremes.word[unit, rank])
    words = read.sentences[sentence]
    if summary.per_text or excerpts is None:
        shown = " ".join(words) if summary.per_text else words[word]
        return record.Example(sentence, 0, [shown], [float(extremes.value[unit, rank])], start=word)
    first, values = int(excerpts.first[unit, rank]), excerpts.value[unit, rank]
    values = values[~np.isnan(values)]
    return record.Example(sentence, word - first, words[first : first + len(values)], values, start=first)


def _rounded(samples: Samples) -> Samples:
    """Return samples with the digits that were counted, so that each lies in the range that counts it."""
    import jax.numpy as jnp

    return samples._replace(value=np.asarray(jnp.asarray(samples.value).astype(jnp.bfloat16).astype(jnp.float32)))


def _bins(read: Reading, summary: SiteSummary, unit: int, *, rises: bool) -> list[record.Bin]:
    """Return ranges of values from the far end to the middle, each with how many words it holds and some of them."""
    quantiles, value = summary.quantiles, summary.samples.value[:, unit]
    edges = EDGES if rises else tuple(round(1 - edge, 6) for edge in EDGES)
    place = [int(np.argmin(np.abs(quantiles.share - edge))) for edge in sorted(edges)]
    bins = []
    for low, high in zip(place, place[1:], strict=False):
        lower, upper = float(quantiles.value[unit, low]), float(quantiles.value[unit, high])
        whole = quantiles.share[low] == 0 and high > low  # the lowest value belongs to the lowest range
        count = int(quantiles.count[unit, high] - (0 if whole else quantiles.count[unit, low]))
        if not count:
            continue
        (inside,) = np.nonzero(((value >= lower) if whole else (value > lower)) & (value <= upper))
        examples = [_sampled(read, summary, unit, row) for row in inside[:SHOWN].tolist()]
        bins.append(record.Bin(lower, upper, count, count / summary.moments.tokens, len(examples), examples))
    return bins[::-1] if rises else bins


def _sampled(read: Reading, summary: SiteSummary, unit: int, row: int) -> record.Example:
    samples = summary.samples
    sentence, word = int(samples.sentence[row]), int(samples.word[row])
    words = read.sentences[sentence]
    if summary.per_text:
        return record.Example(sentence, 0, [" ".join(words)], [float(samples.value[row, unit])])
    near = np.arange(max(row - BEFORE, 0), min(row + AFTER + 1, len(samples.word)))
    near = near[samples.sentence[near] == sentence]  # a text that was drawn lies there as a whole
    first = int(samples.word[near[0]])
    values: Any = samples.value[near, unit]
    return record.Example(sentence, word - first, words[first : first + len(near)], values, start=first)
