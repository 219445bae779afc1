"""What is told of factors: the units of each, the words at which it is highest, and the texts in its colours."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxneuron.report.coloured import Coloured


class Sites(NamedTuple):
    """Units of several sites, side by side."""

    spans: dict[str, slice]  # site -> its units

    def name(self, unit: int) -> int | str:
        """Return a unit's number; of several sites, with its site."""
        site = next(site for site, own in self.spans.items() if own.start <= unit < own.stop)
        number = unit - self.spans[site].start
        return number if len(self.spans) == 1 else f"{site}:{number}"

    def names(self, units: Sequence[int]) -> list[int | str]:
        """Return the names of units."""
        return [self.name(unit) for unit in units]

    @property
    def title(self) -> str:
        """Return what to call all of them."""
        return ", ".join(self.spans)


def one_hot(rows: Any) -> bool:
    """Tell whether each row has a single 1, and zeros."""
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))


def of_units(codes: Any, basis: Any, sites: Sites, words: list[str], k: int) -> list[tuple[Any, ...]]:
    """Return a row for each factor: its units, the heaviest first, and the words at which it is highest."""
    rows = []
    for factor, weights in enumerate(basis):
        units = np.argsort(-np.abs(weights), kind="stable")[: np.count_nonzero(weights)].tolist()
        rows.append(
            (factor, sites.title, len(units), sites.names(units), " | ".join(highest(codes[:, factor], words, k)))
        )
    return rows


def of_parts(codes: Any, basis: Any, sites: Sites, words: list[str], k: int) -> list[tuple[Any, ...]]:
    """Return a row for each factor: its share of the squares, its heaviest units, where it is highest, and lowest.

    A share is of the sum over all factors.
    """
    size = np.square(np.linalg.norm(codes, axis=0) * np.linalg.norm(basis, axis=1))
    rows = []
    for factor, weights in enumerate(basis):
        units = np.argsort(-np.abs(weights), kind="stable")[:k]
        heaviest = [f"{sites.name(unit)} ({weights[unit]:+.2f})" for unit in units.tolist() if weights[unit]]
        low = highest(-codes[:, factor], words, k) if codes[:, factor].min() < 0 else []
        found = (float(size[factor] / max(size.sum(), 1e-30)), ", ".join(heaviest))
        rows.append((factor, *found, " | ".join(highest(codes[:, factor], words, k)), " | ".join(low) or None))
    return rows


def of_tokens(values: Any, codes: Any, sites: Sites, words: list[str], k: int) -> list[tuple[Any, ...]]:
    """Return a row for each cluster: its size, its words, and the units that are far from their mean there."""
    spread = values.std(axis=0)
    spread[spread == 0] = 1
    group, rows = codes.argmax(axis=1), []
    for cluster in range(codes.shape[1]):
        here = group == cluster
        counts = Counter(word for word, inside in zip(words, here, strict=True) if inside)
        far = (values[here].mean(axis=0) - values.mean(axis=0)) / spread if here.any() else np.zeros(len(spread))
        units = [f"{sites.name(unit)} ({far[unit]:+.1f})" for unit in np.argsort(-np.abs(far))[:k].tolist()]
        rows.append(
            (cluster, int(here.sum()), " | ".join(word for word, _ in counts.most_common(2 * k)), ", ".join(units))
        )
    return rows


def highest(codes: Any, words: list[str], k: int) -> list[str]:
    """Return the words at which a code is highest, each once."""
    order = np.argsort(-codes, kind="stable")
    found: dict[str, None] = {}
    for token in order[: 20 * k].tolist():
        found.setdefault(words[token])
        if len(found) == k:
            break
    return list(found)


def texts(codes: Any, sentences: list[list[str]], most: int, k: int, what: str = "factor") -> list[Coloured]:
    """Return, for each factor, the texts in which it goes farthest, every word with its code."""
    starts = np.cumsum([0, *map(len, sentences)])
    found = []
    for factor in range(min(codes.shape[1], most)):
        values = codes[:, factor]
        for text in np.argsort(-np.maximum.reduceat(np.abs(values), starts[:-1]), kind="stable")[:k].tolist():
            own = values[starts[text] : starts[text + 1]]
            found.append(Coloured(f"{what} {factor}, text {text}", sentences[text], own.tolist()))
    return found
