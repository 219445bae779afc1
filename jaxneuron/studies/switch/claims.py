"""What was published on switch neurons and induced concepts, or promised here, and whether a run finds it."""

from collections.abc import Iterator, Sequence

from jaxneuron.report.text import number, rate
from jaxneuron.studies._study import Claim
from jaxneuron.studies.switch.results import Forced, Forcing, Results, Switched

TUTORIAL = "Sajjad, Durrani, Dalvi, tutorial on fine-grained interpretation"
PUBLISHED = {"tense": 0.67, "number": 0.33}
"""Shares of translations that were turned, in an LSTM for translation (Bau et al. 2019)."""

HALF, CHANCE = 0.5, 0.05
"""The share that the units found have to flip, and the share that random ones may."""

SUAU = "Suau, Zappella, Apostoloff 2020 (arXiv 2005.07647)"


def claims(results: Results) -> Iterator[Claim]:
    """Yield each finding, re-measured."""
    for row in results.switched:
        yield from _turned(row)
    for name in dict.fromkeys(row.model for row in results.forced):
        yield from _induced([row for row in results.forced if row.model == name])


def _turned(row: Switched) -> Iterator[Claim]:
    where = f"{len(row.units)} unit{'s' * (len(row.units) > 1)} of {row.site}"
    yield Claim(
        f"{row.model}: turning the units found for {row.of} flips the preferred form of the verb in at least half of "
        "the held-out pairs",
        "promised here",
        row.flipped >= HALF,
        row.flipped,
        f"{where}, of the pairs whose right form was preferred ({rate(row.right)} of {row.pairs}); the perplexity of "
        f"ordinary text rises by {rate(row.rise)} if they are turned at each word",
    )
    yield Claim(
        f"{row.model}: as many random units flip at most one pair in twenty ({row.of})",
        "promised here",
        row.random <= CHANCE,
        row.random,
        f"the mean over random sets of the same site; at most {rate(row.random_most)}",
    )
    yield Claim(
        f"{row.model}: {row.of} is turned in at least {rate(PUBLISHED[row.of])} of the cases",
        f"{TUTORIAL}: success in translation, {rate(PUBLISHED[row.of])} for {row.of}",
        row.flipped >= PUBLISHED[row.of],
        row.flipped,
        "there translations were counted, here preferences between two forms",
    )


def most(rows: Sequence[Forced], forcing: Forcing) -> float:
    """Return the highest share of the words that are of the concept, whatever the number of units; 0 without any."""
    return max((row.share for row in rows if row.forcing is forcing and row.count), default=0.0)


def _induced(rows: Sequence[Forced]) -> Iterator[Claim]:
    names = list(dict.fromkeys(row.concept for row in rows))
    own = {name: [row for row in rows if row.concept == name] for name in names}
    wins = [name for name in names if most(own[name], Forcing.EXPERTS) > most(own[name], Forcing.RANDOM)]
    model = rows[0].model
    yield Claim(
        f"{model}: forcing experts brings more of each concept than forcing as many random units",
        SUAU,
        len(wins) == len(names),
        len(wins) / len(names),
        f"{len(wins)} of {len(names)} concepts, by the highest share of words over all numbers of units",
    )
    free = {name: next(row.share for row in own[name] if not row.count) for name in names}
    doubled = [name for name in names if most(own[name], Forcing.EXPERTS) > 2 * free[name]]
    yield Claim(
        f"{model}: concepts are induced: their words become more than twice as frequent",
        f"{SUAU}; {TUTORIAL}",
        len(doubled) == len(names),
        len(doubled) / len(names),
        f"{len(doubled)} of {len(names)} concepts",
    )
    counts = sorted({row.count for row in rows})
    told = {
        count: sum(row.perplexity for row in rows if row.forcing is Forcing.EXPERTS and row.count == count) / len(names)
        for count in counts
    }
    yield Claim(
        f"{model}: the more experts are forced, the less likely the text is to the model as it is",
        TUTORIAL,
        told[counts[-1]] > told[0],
        told[counts[-1]] / told[0],
        f"mean perplexity {number(told[0], 1)} without, {number(told[counts[-1]], 1)} with {counts[-1]} experts",
    )
