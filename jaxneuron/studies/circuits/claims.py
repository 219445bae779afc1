"""The findings of the papers, each re-measured: true or false as it came out."""

from collections.abc import Iterator

from jaxneuron.studies._study import Claim
from jaxneuron.studies.circuits.results import Choice, Kept, Results

ARORA = "Arora et al. 2026"
RELP = "Jafari et al. 2025 (RelP), Table 1"
EAP_IG = "Hanna et al. 2024 (EAP-IG)"

MOST = 100
"""Units, of which Arora et al. find that so many control agreement."""

ENOUGH = 0.9
"""Faithfulness that a circuit should have."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim, with the figure that decides it."""
    agree = {row.by: row for row in results.agreement}
    few = fewest(results, Choice.INTEGRATED)
    yield Claim(
        f"about {MOST} units carry {ENOUGH:.0%} of the difference on pairs that they were not found with",
        f"{ARORA}, section 1",
        few is not None and few <= MOST,
        few,
        f"of {results.asked.units} units, chosen by averaged gradients; chosen exactly {fewest(results, Choice.EXACT)}",
    )
    size = closest(results, few or MOST)
    chosen, random = kept(results, Choice.INTEGRATED, size), kept(results, Choice.RANDOM, size)
    yield Claim(
        f"{size} chosen units carry more than as many random ones (95th percentile of the draws)",
        "our own check",
        chosen.faithfulness > random.high,
        chosen.faithfulness - random.faithfulness,
        f"faithfulness {chosen.faithfulness:.2f} against {random.faithfulness:.2f}",
    )
    for better, worse, source in (
        (Choice.RELEVANCE, Choice.FIRST, RELP),
        (Choice.INTEGRATED, Choice.FIRST, EAP_IG),
        (Choice.INTEGRATED, Choice.RELEVANCE, "our own check"),
    ):
        yield Claim(
            f"{better} agrees better with the exact effects of all units than {worse} (Pearson)",
            source,
            agree[better].pearson > agree[worse].pearson,
            agree[better].pearson - agree[worse].pearson,
            f"{agree[better].pearson:.3f} against {agree[worse].pearson:.3f}",
        )
    yield from _outputs(results)
    low = min(agree[Choice.RELEVANCE].blocks.values())
    yield Claim(
        "relevance agrees with exact patching in every block (Pearson at least 0.9)",
        RELP,
        low >= ENOUGH,
        low,
        ", ".join(f"{site} {value:.2f}" for site, value in agree[Choice.RELEVANCE].blocks.items()),
    )


def _outputs(results: Results) -> Iterator[Claim]:
    """Yield what is claimed of estimates of the effects of whole MLPs."""
    rows = {row.by: row for row in results.outputs}
    relevance, first = rows[Choice.RELEVANCE], rows[Choice.FIRST]
    least = min(relevance.blocks.values())
    others = ", ".join(f"{by} {row.mean:.2f} (lowest {min(row.blocks.values()):.2f})" for by, row in rows.items())
    yield Claim(
        f"relevance agrees with exact patching of MLP outputs by {ENOUGH} on average over the blocks, nowhere below 0",
        RELP,
        relevance.mean >= ENOUGH and least >= 0,
        relevance.mean,
        f"Pearson's r over pairs and positions: {others}",
    )
    yield Claim(
        "it agrees better than the first order in the means over the pairs, by block and position",
        RELP,
        relevance.grid > first.grid,
        relevance.grid - first.grid,
        f"{relevance.grid:.3f} against {first.grid:.3f}",
    )


def kept(results: Results, by: str, size: int) -> Kept:
    """Return what so many units carry.

    Args:
        results: of all stages.
        by: what units were chosen by.
        size: how many units.
    """
    return next(row for row in results.kept if (row.by, row.units) == (by, size))


def closest(results: Results, size: int) -> int:
    """Return the measured number of units that is nearest to one."""
    return min({row.units for row in results.kept}, key=lambda one: abs(one - size))


def fewest(results: Results, by: str) -> int | None:
    """Return the smallest measured number of units that is faithful enough, None if only all are."""
    enough = [row.units for row in results.kept if row.by == by and row.faithfulness >= ENOUGH]
    return min(enough, default=None)
