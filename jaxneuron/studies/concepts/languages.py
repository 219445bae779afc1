"""Which neurons recur across languages? The first units of each class in one treebank, looked for in the others."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy import stats

from jaxneuron.studies.concepts.results import Pair, Recurrence, Shared
from jaxneuron.types import Site


def recurrence(
    score: Mapping[str, Float[np.ndarray, "label unit"]],
    names: Mapping[str, Sequence[str]],
    widths: Mapping[Site, int],
    *,
    top: int,
) -> Recurrence:
    """Return how many of the first units of a class are the same in two languages.

    Args:
        score: language -> how much each unit matters for each class.
        names: language -> its classes, in the order of the score's rows.
        widths: site -> units, in the order of the score's columns.
        top: units of each class that are compared.

    Returns:
        Of each two languages the mean overlap, with the probability of one as large by chance, for all classes
        together; and of each class that all languages have the overlaps, in the order of the pairs.
    """
    units = next(iter(score.values())).shape[1]
    top = min(top, units)
    firsts = {
        language: {
            name: set(np.argsort(-rows[place], kind="stable")[:top].tolist())
            for place, name in enumerate(names[language][: len(rows)])
        }
        for language, rows in score.items()
    }
    shared = [name for name in next(iter(firsts.values())) if all(name in own for own in firsts.values())]
    where = [f"{site} {unit}" for site, width in widths.items() for unit in range(width)]
    pairs = []
    for one, other in combinations(firsts, 2):
        both = [name for name in firsts[one] if name in firsts[other]]
        hits = [len(firsts[one][name] & firsts[other][name]) for name in both]
        # the sum of independent hypergeometric counts, near enough normal
        chance = stats.hypergeom(units, top, top)
        deviation = np.sqrt(chance.var() * len(hits))
        p = float(stats.norm.sf((sum(hits) - 0.5 - chance.mean() * len(hits)) / deviation)) if deviation else None
        pairs.append(Pair(one, other, float(np.mean(hits)) / top, len(both), p))
    rows = [
        Shared(
            name,
            overlap=[len(firsts[a][name] & firsts[b][name]) / top for a, b in combinations(firsts, 2)],
            units=[where[unit] for unit in sorted(set.intersection(*(own[name] for own in firsts.values())))],
        )
        for name in shared
    ]
    return Recurrence(top, top / units, pairs, rows)
