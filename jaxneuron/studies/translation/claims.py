"""What was published on units that turn translations, or promised here, and whether a run finds it."""

from collections.abc import Iterator

from jaxneuron.report.text import listed, number, rate
from jaxneuron.studies._study import Claim
from jaxneuron.studies.translation.results import Results, Switch, Telling

TUTORIAL = "Sajjad, Durrani, Dalvi 2021, tutorial; Bau et al. 2019"
TRUE, APART, CHANCE = 0.9, 0.9, 0.05
"""The share of translations that have to be right, the area from which a unit tells a property, and the share that
random units may turn."""

SHARES = {"tense": 0.67, "number": 0.33, "gender": 0.21}
"""Of translations by an LSTM from English to Arabic, French, Spanish, Russian and Chinese."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield each finding, re-measured."""
    own = results.translator
    if own:
        yield Claim(
            f"the model translates at least {rate(TRUE)} of other sentences right, word for word",
            "our own check",
            own.right >= TRUE,
            own.right,
            f"{own.asked} sentences, none of which it was trained on",
        )
    for row in results.telling:
        yield _apart(row)
    for row in results.switches:
        yield _turned(row)
        yield Claim(
            f"{row.of}: as many random units turn at most one translation in twenty",
            "our own check",
            row.random <= CHANCE,
            row.random,
            f"the mean over draws of units of the same site; at most {rate(row.random_most)}",
        )
    if results.switches:
        share = {row.of: row.turned for row in results.switches}
        ordered = sorted(share, key=lambda of: -share[of])
        yield Claim(
            "tense is turned more often than number, and number more often than gender",
            TUTORIAL,
            ordered == list(SHARES) and len(set(share.values())) == len(share),
            [share[of] for of in SHARES],
            listed([f"{of} {rate(share[of])}" for of in SHARES]),
        )


def _apart(row: Telling) -> Claim:
    return Claim(
        f"{row.of}: one unit has both values at opposite ends (area under the ROC curve at least {APART:g} on other "
        "words)",
        f"{TUTORIAL}: switch neuron",
        row.auroc >= APART,
        row.auroc,
        f"{row.site}, unit {row.unit}: on average {number(row.means[0])} and {number(row.means[1])}",
    )


def _turned(row: Switch) -> Claim:
    units = f"{len(row.units)} unit{'s' * (len(row.units) > 1)} of {row.site}, found by {row.by}"
    return Claim(
        f"{row.of} is turned in at least {rate(SHARES[row.of])} of the translations",
        f"{TUTORIAL}: success in {rate(SHARES[row.of])} of the cases",
        row.turned >= SHARES[row.of],
        row.turned,
        f"{units}; {rate(row.low)} to {rate(row.high)} of {row.asked} held-out sentences, the whole translation as the "
        f"other meaning has it; in {rate(row.words)} at least the words that bear it",
    )
