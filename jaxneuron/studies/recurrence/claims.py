"""The findings of the papers, each re-measured: true or false as it came out."""

from collections.abc import Iterator, Sequence

import numpy as np

from jaxneuron.studies._study import Claim
from jaxneuron.studies.recurrence.results import Alike, End, Erased, Ranking, Results, Scores

GURNEE = "Gurnee et al. 2024"
BAU = "Bau et al. 2019"
KORNBLITH = "Kornblith et al. 2019"

FEW = 0.05
"""The share of universal units up to which Gurnee et al. find them, from 0.01 on, in five GPT-2 models."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim, with the figure that decides it."""
    yield from _excess(results.scores)
    yield _regression(results.scores)
    for ranking in (Ranking.MAXIMUM, Ranking.MINIMUM, Ranking.REGRESSION):
        yield _matter(results.erased, ranking, f"{BAU}, erasing neurons")
    yield _matter(results.erased, Ranking.EXCESS, "our own check")
    right = {measure: corresponding(results.alike, measure) for measure in ("cka", "svcca")}
    yield Claim(
        "each layer is more like the same layer of another seed than like any other (CKA)",
        f"{KORNBLITH}, corresponding layers",
        right["cka"] == 1,
        right["cka"],
        f"share of the layers of every two models; by SVCCA {right['svcca']:.0%}",
    )
    yield Claim(
        "CKA tells which layers correspond at least as well as SVCCA",
        f"{KORNBLITH}, corresponding layers",
        right["cka"] >= right["svcca"],
        right["cka"] - right["svcca"],
    )


def corresponding(rows: Sequence[Alike], measure: str) -> float:
    """Return the share of layers that are most like the same layer of the other model."""
    tables = np.array([row.table for row in rows if row.measure == measure])
    return float(np.mean(tables.argmax(axis=2) == np.arange(tables.shape[1])))


def overall(scores: Sequence[Scores], field: str) -> float:
    """Return the mean over all units of what is known of each site."""
    return float(np.average([getattr(row, field) for row in scores], weights=[row.units for row in scores]))


def _excess(scores: Sequence[Scores]) -> Iterator[Claim]:
    by_site = ", ".join(f"{row.site} {row.excess:.3f}" for row in scores)
    yield Claim(
        "units correlate better with the best unit of another seed than with the best of as many random directions "
        "(median excess)",
        f"{GURNEE}, excess correlation",
        overall(scores, "excess") > 0,
        overall(scores, "excess"),
        f"{by_site}; better for {overall(scores, 'better'):.0%} of the units",
    )
    share = overall(scores, "universal")
    yield Claim(
        "few units are universal, but some are: 1 to 5% have an excess above 0.5",
        f"{GURNEE}, excess correlation",
        0.01 <= share <= FEW,
        share,
        ", ".join(f"{row.site} {row.universal:.1%}" for row in scores)
        + f"; with rotated models at {overall(scores, 'rotated'):.2f}, half of the units can have no more than "
        f"{1 - overall(scores, 'rotated'):.2f}",
    )


def _regression(scores: Sequence[Scores]) -> Claim:
    single, all_units = overall(scores, "maximum"), overall(scores, "regression")
    return Claim(
        "all units of another seed together tell more of a unit than its best partner does (median R against |r|)",
        f"{BAU}, rankings of neurons",
        all_units > single,
        all_units - single,
        "; ".join(f"{row.site}: {row.regression:.3f} against {row.maximum:.3f}" for row in scores),
    )


def _matter(rows: Sequence[Erased], ranking: Ranking, source: str) -> Claim:
    share = next((one for one in sorted({row.share for row in rows}) if one >= 0.2), max(row.share for row in rows))
    here = [row for row in rows if row.share == share]
    most, least, random = (
        {row.site: row.nats for row in here if row.end == end and row.ranking in (ranking, "none")} for end in End
    )
    gap = float(np.mean([most[site] - least[site] for site in most]))
    return Claim(
        f"the models lose more without the {share:.0%} of a layer's units that recur most by {ranking} than without "
        "those that recur least",
        source,
        gap > 0,
        gap,
        "nats per word, most / least / random: "
        + "; ".join(f"{site} {most[site]:.3f} / {least[site]:.3f} / {random[site]:.3f}" for site in most),
    )
