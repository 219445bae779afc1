"""Every two models compared: unit by unit, with rotated models as a control, and layer by layer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import comoments
from jaxneuron.comoments import Comoments
from jaxneuron.compare import cka, linear_regression, max_correlation, mean_correlation, min_correlation, pwcca, svcca
from jaxneuron.corpora import selection
from jaxneuron.store import Store
from jaxneuron.studies.recurrence.results import UNIVERSAL, Alike, Found, Ranking, Scores
from jaxneuron.studies.running import Report
from jaxneuron.types import Matches, Site

BY = {
    Ranking.MAXIMUM: max_correlation,
    Ranking.MINIMUM: min_correlation,
    Ranking.MEAN: mean_correlation,
    Ranking.REGRESSION: linear_regression,
}

MEASURES = {"cka": cka, "svcca": svcca, "pwcca": pwcca}

LEAST, WORDS = 5, 5
"""Occurrences of a word that is shown, and how many are."""


class Compared(NamedTuple):
    """How the units of one model recur in the others."""

    others: list[int]  # the models
    matches: dict[Ranking, Matches]
    rotated: Float[np.ndarray, "unit"]

    def score(self, ranking: Ranking) -> Float[np.ndarray, "unit"]:
        """Return what units are ordered by."""
        if ranking is Ranking.EXCESS:
            return self.matches[Ranking.MEAN].score - self.rotated
        return self.matches[ranking].score


def sums(states: Sequence[Store], sites: Sequence[Site], report: Report) -> dict[tuple[int, int], Comoments]:
    """Return the sums of each model with each other one, with the products of all units of the other.

    Args:
        states: of each model, on disk.
        sites: whose units.
        report: told what is being done.
    """
    tables, found = [one.joined(*sites) for one in states], {}
    layers = [states[0].sites[site] for site in sites]
    progress, pairs = report("compare the models"), len(states) * (len(states) - 1)
    for one, a in enumerate(tables):
        for other, b in enumerate(tables):
            if one != other:
                found[one, other] = comoments.over(a, b, layers=(layers, (sum(layers),)))
                if progress:
                    progress(len(found), pairs)
    return found


def compared(key: Array, found: dict[tuple[int, int], Comoments], layers: Sequence[int], models: int) -> list[Compared]:
    """Return how the units of each model recur in the others.

    Args:
        key: one key.
        found: sums of each model with each other one.
        layers: units of each layer.
        models: how many.
    """
    rows = []
    for one in range(models):
        others = [other for other in range(models) if other != one]
        own = [found[one, other] for other in others]
        matches = {ranking: method.finish(*own) for ranking, method in BY.items()}
        keys = jax.random.split(jax.random.fold_in(key, one), len(others))
        cut = [comoments.layered(each, ((), layers)) for each in own]
        turned = [comoments.rotated(each, layer) for each, layer in zip(keys, cut, strict=True)]
        rows.append(Compared(others, matches, mean_correlation.finish(*turned).score))
    return rows


def scores(found: Sequence[Compared], sites: Sequence[Site], layers: Sequence[int]) -> list[Scores]:
    """Return medians and shares of the units of each site.

    Args:
        found: of each model, how its units recur.
        sites: whose units.
        layers: units of each layer.
    """
    starts, rows = np.cumsum([0, *layers]), []
    for place, site in enumerate(sites):
        here = slice(int(starts[place]), int(starts[place + 1]))

        def mean(of: Any, here: slice = here) -> float:
            return float(np.mean([of(one, here) for one in found]))

        by = {ranking: mean(lambda one, here, by=ranking: np.median(one.score(by)[here])) for ranking in Ranking}
        rows.append(
            Scores(
                site=site,
                units=layers[place],
                maximum=by[Ranking.MAXIMUM],
                minimum=by[Ranking.MINIMUM],
                mean=by[Ranking.MEAN],
                regression=by[Ranking.REGRESSION],
                rotated=mean(lambda one, here: np.median(one.rotated[here])),
                excess=by[Ranking.EXCESS],
                better=mean(lambda one, here: np.mean(one.score(Ranking.EXCESS)[here] > 0)),
                universal=mean(lambda one, here: np.mean(one.score(Ranking.EXCESS)[here] > UNIVERSAL)),
            )
        )
    return rows


def alike(found: dict[tuple[int, int], Comoments], layers: Sequence[int]) -> list[Alike]:
    """Return how alike the layers of every two models are, by each measure."""
    rows = []
    for pair, each in found.items():
        cut = comoments.layered(each, ((), layers))
        rows += [Alike(name, pair, method.finish(cut).table.tolist()) for name, method in MEASURES.items()]
    return rows


def units(
    found: Sequence[Compared], states: Sequence[Store], sites: Sequence[Site], sentences: list[list[str]]
) -> list[Found]:
    """Return a row for each unit of each model, with the words of its best partner.

    Args:
        found: of each model, how its units recur.
        states: of each model, on disk.
        sites: whose units.
        sentences: the words of each text.
    """
    tables = [one.joined(*sites) for one in states]
    tops = [selection.top_words(table, sentences, count=WORDS, least=LEAST) for table in tables]
    width, rows = tables[0].shape[1], []
    place = [(site, unit) for site in sites for unit in range(states[0].sites[site])]

    def words(model: int, unit: int, side: str) -> list[str]:
        return [tops[model].words[item] for item in getattr(tops[model], side).item[unit].tolist() if item >= 0]

    for model, own in enumerate(found):
        best = own.matches[Ranking.MEAN]
        for unit in range(width):
            number = int(best.partner[unit])
            there = number >= 0
            other, partner = (own.others[number // width], number % width) if there else (None, None)
            falls = there and bool(best.table[unit, number] < 0)
            side = "lowest" if falls else "highest"
            rows.append(
                Found(
                    model=model,
                    site=place[unit][0],
                    unit=place[unit][1],
                    mean=float(best.score[unit]),
                    rotated=float(own.rotated[unit]),
                    excess=float(own.score(Ranking.EXCESS)[unit]),
                    maximum=float(own.score(Ranking.MAXIMUM)[unit]),
                    minimum=float(own.score(Ranking.MINIMUM)[unit]),
                    regression=float(own.score(Ranking.REGRESSION)[unit]),
                    partner_model=other,
                    partner_site=None if partner is None else place[partner][0],
                    partner=None if partner is None else place[partner][1],
                    falls=falls,
                    words=words(model, unit, "highest"),
                    partner_words=[] if other is None or partner is None else words(other, partner, side),
                )
            )
    return rows
