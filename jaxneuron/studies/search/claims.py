"""What was promised of the searches, and what was published, measured."""

from collections.abc import Iterator, Sequence

from jaxneuron.report.text import number, percent
from jaxneuron.studies._study import Claim
from jaxneuron.studies.search.results import KINDS, Point, Results

OURS = "jaxneuron.find"
POERNER = "Poerner, Roth, Schütze 2018, section 3"
EPO = "Thompson, Straznickas, Sklar 2024 (EPO), section 3"
NOISY, BEST = "gumbel_softmax", "best"
RELAXED = ("softmax", "logit", "embedding")


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim, with the figure that decides it."""
    for asked in results.asked:
        own = [run for run in results.points if run.model == asked.model]
        units = [run for run in own if run.kind == KINDS[0]]
        yield from _searches(asked.model, units)
        for pairs in results.pairs:
            if pairs.model == asked.model:
                yield Claim(
                    f"{asked.model}: of two words, best finds the optimum of all pairs for at least 99% of the units",
                    OURS,
                    pairs.reached >= 0.99,
                    pairs.reached,
                    f"{pairs.targets} units, {number(pairs.passes, 0)} passes for each",
                )
        for row in results.fluent:
            if row.model == asked.model:
                yield Claim(
                    f"{asked.model}: at least 80% of the units have a text as strong as the corpus's strongest that is "
                    f"no less likely than the corpus {row.of}",
                    EPO,
                    row.share >= 0.8,
                    row.share,
                    f"at most {number(row.cap)} nats; the strongest n-gram itself is, for {percent(row.chance)}",
                )
        for control in KINDS[1:]:
            found = [last(own, kind, BEST).excess for kind in (KINDS[0], control)]
            yield Claim(
                f"{asked.model}: best gets further above the corpus in units than in {control}",
                "a control",
                found[0] > found[1],
                found[0],
                f"standard deviations of the corpus, median; {control}: {number(found[1])}",
            )


def _searches(model: str, units: Sequence[Point]) -> Iterator[Claim]:
    noisy, best = last(units, KINDS[0], NOISY), last(units, KINDS[0], BEST)
    most = max(run.ratio for run in units if run.method == BEST)
    yield Claim(
        f"{model}: best comes 0.99 of the way to the highest score known",
        OURS,
        most >= 0.99,
        most,
        f"{number(best.passes, 0)} passes for each unit",
    )
    cheap = max((run for run in units if run.method == BEST and run.passes <= noisy.passes), default=None, key=_ratio)
    if cheap is not None:
        yield Claim(
            f"{model}: at no more passes, best gets higher than Gumbel softmax",
            OURS,
            cheap.ratio > noisy.ratio,
            cheap.ratio,
            f"{number(cheap.passes, 0)} passes; Gumbel softmax {number(noisy.ratio, 3)} at {number(noisy.passes, 0)}",
        )
    others = [run for run in units if run.method in RELAXED]
    if others:
        top = max(others, key=_ratio)
        yield Claim(
            f"{model}: Gumbel softmax gets higher than the relaxations without noise",
            POERNER,
            noisy.ratio > top.ratio,
            noisy.ratio,
            f"{top.method} {number(top.ratio, 3)}",
        )


def last(runs: Sequence[Point], kind: str, method: str) -> Point:
    """Return a method's run at its largest budget, the first seed.

    Args:
        runs: points of one model.
        kind: units, or a control.
        method: its name in `find`.
    """
    own = [run for run in runs if run.kind == kind and run.method == method]
    return max(own, key=lambda run: (run.budget, -run.seed))


def _ratio(run: Point) -> float:
    return run.ratio
