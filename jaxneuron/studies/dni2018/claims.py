"""The findings of the paper and checks of our own, each re-measured: true or false as it came out."""

from collections.abc import Iterator

import numpy as np

from jaxneuron.studies._study import Claim
from jaxneuron.studies.dni2018 import languages
from jaxneuron.studies.dni2018.languages import Rule
from jaxneuron.studies.dni2018.options import Subject
from jaxneuron.studies.dni2018.results import (
    Group,
    Held,
    Mark,
    Quality,
    Removal,
    Results,
    Told,
    Units,
    Way,
    Written,
    of_group,
    of_hypothesis,
)

PAPER = "Sellam et al. 2018"
OWN = "our own check"
LARGE = (5, 10)
"""Sets of units that the paper finds to matter; a single one does not, as others can stand in for it."""

MANY = 0.8
"""From here on a unit counts as "highly predictive", for which the paper has no number."""


def claims(results: Results) -> Iterator[Claim]:
    """Yield every claim that this run has figures for, with the figure that decides it."""
    parens = results.language is Subject.PARENS
    if parens and results.removal:
        yield from _digits(results.removal)
    if parens:
        yield from _levels(results.relevance)
    elif results.language is Subject.ARITHMETIC:
        yield from _arithmetic(results.relevance)
    else:
        yield from _source(results.relevance)
    if results.quality:
        yield _n_gram(results.quality)
    if results.removal and results.features:
        # of parentheses, the first two are two ways to rank units by the same digits
        ways, what = (2, "the right digit") if parens else (1, "the type of the next symbol")
        for feature in results.features[:ways]:
            yield from _removed(results.removal, feature, what)
        yield from _replaced(results.removal, results.features[0])
    for feature in results.features:
        yield from _writing(feature, [row for row in results.writing if row.feature == feature])


def _reaches(row: Told, least: float, source: str) -> Claim:
    return Claim(
        f"a unit reaches a balanced accuracy of {least} for {row.hypothesis!r}",
        source,
        row.best >= least,
        row.best,
        f"unit {row.top[0].unit}; best plain accuracy {row.accuracy:.3f} (always the same answer: "
        f"{row.majority:.3f}); best of the cell states, balanced: {row.cell:.3f}",
    )


def _digits(removal: Removal) -> Iterator[Claim]:
    mass, count = removal.intact.mass, removal.intact.count
    known = {digit: value for digit, value in mass.items() if value is not None}
    if known:
        mean = sum(value * count[digit] for digit, value in known.items())
        mean /= max(sum(count[digit] for digit in known), 1)
        yield Claim(
            "where a digit follows, the right one has 0.99 or more of the probability of all digits",
            OWN,
            mean >= 0.99,
            mean,
            f"least sure of a digit: {min(known.values()):.4f}; a digit follows a third to a half of the symbols, so "
            "that of all symbols it cannot have more",
        )


def _levels(rows: list[Told]) -> Iterator[Claim]:
    levels = sorted(of_group(rows, Group.LEVEL, Mark.RANGE), key=lambda row: row.line)
    if levels:
        for row, which in ((levels[0], "first"), (levels[-1], "deepest")):
            yield _reaches(row, 0.9, f"{PAPER}, section 5.1 (many units for the {which} level)")
    digits = of_group(rows, Group.DIGIT, Mark.NONE)
    for group, how in ((digits, "the value of the digit"), (levels, "the range of each level")):
        if len(group) > 2:
            many = [sum(score is not None and score >= MANY for score in row.sorted) for row in group]
            yield Claim(
                "more units tell the first and the deepest level than any between "
                f"(balanced accuracy of {MANY}, {how})",
                f"{PAPER}, section 5.1, Figure 2",
                min(many[0], many[-1]) > max(many[1:-1]),
                min(many[0], many[-1]) - max(many[1:-1]),
                ", ".join(f"{row.line}: {number} units" for row, number in zip(group, many, strict=True)),
            )


def _arithmetic(rows: list[Told]) -> Iterator[Claim]:
    for rule, what in ((Rule.DIGIT, "digits"), (Rule.PAIR, "parentheses")):
        for row in of_hypothesis(rows, languages.in_rule(rule)):
            yield _reaches(row, 0.85, f"{PAPER}, section 5.2 ({what}: about 0.9 plain)")
    yield from _range_or_impulse(rows, Group.RULE)
    names = {languages.in_rule(rule).name for rule in languages.OPERATORS}
    operators = [row for row in of_group(rows, Group.RULE, Mark.RANGE) if row.hypothesis in names]
    others = [row.best for row in of_group(rows, Group.RULE, Mark.RANGE) if row.hypothesis not in names]
    if operators and others:
        best = max(row.best for row in operators)
        yield Claim(
            "digits and parentheses are told better than the expressions with an operator",
            f"{PAPER}, section 5.2",
            min(others) > best,
            min(others) - best,
            ", ".join(f"{row.line}: {row.best:.3f}" for row in operators),
        )


def _source(rows: list[Told]) -> Iterator[Claim]:
    scored = {row.line for row in of_group(rows, Group.NODE)}
    yield Claim(
        "ten types of parse-tree nodes are scored",
        f"{PAPER}, section 5.3",
        len(scored) >= 10,
        len(scored),
        ", ".join(f"{row.line}: {row.best:.3f}" for row in of_group(rows, Group.NODE, Mark.RANGE)),
    )
    yield from _range_or_impulse(rows, Group.NODE)


def _range_or_impulse(rows: list[Told], group: Group) -> Iterator[Claim]:
    alone = languages.in_rule(Rule.DIGIT).name  # a symbol alone is its own range and its own impulse
    impulses = {row.line: row for row in of_group(rows, group, Mark.IMPULSE)}
    ranges = [row for row in of_group(rows, group, Mark.RANGE) if row.line in impulses and row.hypothesis != alone]
    if not ranges:
        return
    both = {Mark.RANGE: ranges, Mark.IMPULSE: [impulses[row.line] for row in ranges]}
    mean = {mark: float(np.mean([row.best for row in own])) for mark, own in both.items()}
    plain = {mark: float(np.mean([row.accuracy for row in own])) for mark, own in both.items()}
    more = sum(row.best > impulses[row.line].best for row in ranges)
    yield Claim(
        "range is told better than impulse (mean of the best units' balanced accuracies)",
        f"{PAPER}, section 5.2, where accuracy was plain",
        mean[Mark.RANGE] > mean[Mark.IMPULSE],
        mean[Mark.RANGE] - mean[Mark.IMPULSE],
        f"{mean[Mark.RANGE]:.3f} against {mean[Mark.IMPULSE]:.3f}; range is better for {more} of {len(ranges)}; by "
        f"plain accuracy {plain[Mark.RANGE]:.3f} against {plain[Mark.IMPULSE]:.3f}",
    )


def _n_gram(quality: Quality) -> Claim:
    return Claim(
        "the LSTM needs fewer bits per symbol than a 5-gram model",
        OWN,
        quality.bits < quality.n_gram,
        quality.bits,
        f"interpolated Kneser-Ney, trained on the same text: {quality.n_gram:.3f}",
    )


def _removed(removal: Removal, feature: str, what: str) -> Iterator[Claim]:
    intact = removal.intact.accuracy
    for count in LARGE:
        top, random = removal.top(feature, Way.REMOVE, count), removal.random(count)
        if top and random and random.low is not None and top.as_low is not None:
            yield Claim(
                f"without the top {count} units of {feature!r} {what} is predicted clearly worse than without {count} "
                "random ones (below the 95% interval of their mean, and below 95% of the sets)",
                f"{PAPER}, section 5.2, Figure 5",
                top.accuracy < random.low and top.as_low <= 0.05,
                random.accuracy - top.accuracy,
                f"accuracy: all units {intact:.3f}, without the top {top.accuracy:.3f}, without random ones "
                f"{random.accuracy:.3f} ({random.low:.3f} to {random.high:.3f}); {top.as_low:.0%} of the "
                "random sets are as low",
            )
    one, five = (removal.top(feature, Way.REMOVE, count) for count in (1, 5))
    if one and five:
        yield Claim(
            f"without the top unit of {feature!r} alone little is lost: less than a quarter of what the top 5 cost",
            f"{PAPER}, section 5.2, Figure 5",
            intact - one.accuracy < 0.25 * (intact - five.accuracy),
            intact - one.accuracy,
            f"without the top 5: {intact - five.accuracy:.3f}",
        )


def _replaced(removal: Removal, feature: str) -> Iterator[Claim]:
    ways = (
        (Way.ORACLE, "from -1 to 1", f"{PAPER}, Figure 5, found no measurable difference"),
        (Way.OWN_MEANS, "between each unit's own means", f"{OWN}, not in the paper"),
    )
    gone = removal.top(feature, Way.REMOVE, 10)
    for way, how, source in ways:
        ten = removal.top(feature, way, 10)
        if ten and gone:
            yield Claim(
                f"the label in place of the top 10 units ({how}) serves the model better than nothing in their place",
                source,
                ten.accuracy > gone.accuracy,
                ten.accuracy - gone.accuracy,
                f"accuracy {ten.accuracy:.3f}; nothing: {gone.accuracy:.3f}",
            )


def _writing(feature: str, rows: list[Written]) -> Iterator[Claim]:
    free = next((row for row in rows if row.units is Units.NONE), None)
    random = {row.count: row for row in rows if row.units is Units.RANDOM}
    ways = (
        (Held.ONE, "at 1", f"{PAPER}, sections 5.2 and 5.3"),
        (Held.SIDE, "at 1 or -1, on the side of the hypothesis", f"{OWN}, not in the paper"),
    )
    for held, how, source in ways:
        own = [row for row in rows if row.units is Units.TOP and row.held is held]
        if own and free:
            last = max(own, key=lambda row: row.count)
            yield Claim(
                f"holding the top units of {feature!r} {how} makes the model write more {free.what} than random "
                "units (above the 95% interval of their mean, for the largest k)",
                source,
                last.rate > (random[last.count].high or 0.0),
                last.rate,
                f"for each 100 symbols; as it is {free.rate:.2f}; "
                + "; ".join(
                    f"k = {row.count}: {row.rate:.2f} against {beside.rate:.2f} ({beside.low:.2f} to {beside.high:.2f})"
                    for row, beside in ((row, random[row.count]) for row in own)
                ),
            )
