"""What a comparison of models shows: rows of units and of layers, distributions, and heat maps."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jaxneuron.cli._pictures import Heat, Spread

WORDS, LEAST, BINS = 4, 3, 20
"""Words of a unit, how often one must occur, and bars of a distribution."""


class Layers(NamedTuple):
    """The sites of a model, side by side."""

    model: str
    table: Any  # [token, unit], with `sites`

    @property
    def sites(self) -> list[str]:
        """Return the names of the sites."""
        return list(self.table.sites)

    @property
    def widths(self) -> tuple[int, ...]:
        """Return how many units each site has."""
        return tuple(own.stop - own.start for own in self.table.sites.values())

    def unit(self, number: int) -> tuple[str, int]:
        """Return the site of a unit, and its number there."""
        site = next(site for site, own in self.table.sites.items() if own.start <= number < own.stop)
        return site, number - self.table.sites[site].start


def _partner(others: Sequence[Layers], number: int) -> tuple[int, int]:
    """Return the model of a unit that is counted through all others, and its number there."""
    for place, other in enumerate(others):
        if number < other.table.shape[1]:
            return place, number
        number -= other.table.shape[1]
    raise IndexError(f"no unit {number} beyond the other models")


def unit_rows(
    own: Layers, others: Sequence[Layers], found: Any, baseline: Any, sentences: list[list[str]], k: int
) -> list[Any]:
    """Return a row for each unit, the one that recurs most first; the first `k` with their words."""
    import numpy as np

    from jaxneuron.ranking import ranked

    score = found.score if baseline is None else found.score - baseline
    order = np.asarray(ranked(score).order).tolist()
    partners = [_partner(others, int(found.partner[unit])) if found.partner[unit] >= 0 else None for unit in order]
    words = _words(own, sentences, order[:k])
    there = [
        _words(other, sentences, [one[1] for one in partners[:k] if one and one[0] == place])
        for place, other in enumerate(others)
    ]
    rows: list[Any] = []
    for unit, partner in zip(order, partners, strict=True):
        rotated = None if baseline is None else float(baseline[unit])
        excess = None if rotated is None else float(found.score[unit]) - rotated
        where: tuple[Any, Any, Any] = (None, None, None)
        side, beside = "", ""
        if partner is not None:
            where = (others[partner[0]].model, *others[partner[0]].unit(partner[1]))
            falls = found.table[unit, found.partner[unit]] < 0
            side = words.get(unit, ("", ""))[0]
            beside = there[partner[0]].get(partner[1], ("", ""))[1 if falls else 0]
            beside = f"lowest at {beside}" if falls and beside else beside
        rows.append((*own.unit(unit), *where, float(found.score[unit]), rotated, excess, side, beside))
    return rows


def _words(layers: Layers, sentences: list[list[str]], units: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the words at which units are highest and lowest."""
    from collections import Counter

    import numpy as np

    from jaxneuron.corpora import selection

    units = sorted(set(units))
    if not units:
        return {}
    least = min(LEAST, max(Counter(word for words in sentences for word in words).values()))
    values = np.asarray(layers.table[:, units], np.float32)
    found = selection.top_words(values, sentences, count=WORDS, least=least)
    sides = [
        [" | ".join(found.words[item] for item in row if item >= 0) for row in top.item.tolist()]
        for top in (found.highest, found.lowest)
    ]
    return dict(zip(units, zip(*sides, strict=True), strict=True))


def layer_rows(own: Layers, others: Sequence[Layers], table: Any) -> list[Any]:
    """Return a row for each two layers: for each layer the most similar one of each other model, then the rest."""
    first, rest = [], []
    for row, site in enumerate(own.sites):
        start = 0
        for other in others:
            values = table[row, start : start + len(other.sites)].tolist()
            ordered = sorted(range(len(values)), key=lambda place: -values[place])  # noqa: B023
            made = [(site, other.model, other.sites[place], values[place]) for place in ordered]
            first.append(made[0])
            rest += made[1:]
            start += len(other.sites)
    return first + rest


def spread(method: str, score: Any, baseline: Any) -> list[Spread]:
    """Return how many units have which score, and beside it how many with the other models rotated."""
    import numpy as np

    edges = np.linspace(0, 1, BINS + 1)
    counts, beside = (np.histogram(one, edges)[0] for one in (score, score if baseline is None else baseline))
    last = int(np.flatnonzero(counts + beside).max()) + 1
    bars = [(f"{edges[place]:.2f} to {edges[place + 1]:.2f}", float(counts[place])) for place in range(last)]
    name = f"units by {method.replace('_', ' ')}"
    if baseline is None:
        return [Spread(name, bars, ("score", "units"))]
    return [
        Spread(
            f"{name}, and in grey with the other models rotated",
            bars,
            ("score", "units", "rotated"),
            beside[:last].tolist(),
        )
    ]


def heat(own: Layers, others: Sequence[Layers], table: Any, measure: str) -> Iterator[Heat]:
    """Yield how alike the layers are, of each other model."""
    start = 0
    for other in others:
        values = table[:, start : start + len(other.sites)].tolist()
        yield Heat(f"{measure}: down, layers of {own.model}; across, of {other.model}", own.sites, other.sites, values)
        start += len(other.sites)
