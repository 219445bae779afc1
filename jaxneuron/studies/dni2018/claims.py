"""The findings of the paper and checks of our own, each re-measured: true or false as it came out."""

from collections.abc import Iterator
from typing import Any

import numpy as np

Results = dict[str, Any]
Claim = dict[str, Any]

PAPER = "Sellam et al. 2018"
LARGE = (5, 10)
"""Sets of units that the paper finds to matter; a single one does not, as others can stand in for it."""

MANY = 0.8
"""From here on a unit counts as "highly predictive", for which the paper has no number."""


def claims(results: Results) -> list[Claim]:
    """Return every claim that this run has figures for, with the figure that decides it."""
    made = {"parens": _parens, "arithmetic": _arithmetic}.get(results["language"], _source)(results)
    return [*made, *_n_gram(results), *_removal(results), *_writing(results)]


def _claim(claim: str, source: str, holds: bool, figure: float | None, note: str = "") -> Claim:
    return {"claim": claim, "source": source, "holds": bool(holds), "figure": figure, "note": note}


def _rows(results: Results, **wanted: Any) -> list[dict[str, Any]]:
    return [row for row in results["relevance"] if all(row[key] == value for key, value in wanted.items())]


def _reaches(results: Results, name: str, least: float, source: str) -> Iterator[Claim]:
    for row in _rows(results, hypothesis=name):
        yield _claim(
            f"a unit reaches a balanced accuracy of {least} for {name!r}",
            source,
            row["best"] >= least,
            row["best"],
            f"unit {row['top'][0]['unit']}; best plain accuracy {row['accuracy']:.3f} (always the same answer: "
            f"{row['majority']:.3f}); best of the cell states, balanced: {row['cell']:.3f}",
        )


def _parens(results: Results) -> Iterator[Claim]:
    intact = results["removal"]["intact"]
    mass, count = intact["mass"], intact["count"]
    known = {digit: value for digit, value in mass.items() if value is not None}
    mean = sum(known[digit] * count[digit] for digit in known) / max(sum(count[digit] for digit in known), 1)
    yield _claim(
        "where a digit follows, the right one has 0.99 or more of the probability of all digits",
        "our own check",
        mean >= 0.99,
        mean,
        f"least sure of a digit: {min(known.values()):.4f}; a digit follows a third to a half of the symbols, so that "
        "of all symbols it cannot have more",
    )
    levels = sorted({row["line"] for row in _rows(results, group="level")})
    for level, which in ((levels[0], "first"), (levels[-1], "deepest")):
        name = f"range of {level.replace(' ', '')}"
        yield from _reaches(results, name, 0.9, f"{PAPER}, section 5.1 (many units for the {which} level)")
    for group, mark, how in (("digit", "", "the value of the digit"), ("level", "range", "the range of each level")):
        rows = _rows(results, group=group, mark=mark)
        many = [sum(score >= MANY for score in row["sorted"]) for row in rows]
        yield _claim(
            f"more units tell the first and the deepest level than any between (balanced accuracy of {MANY}, {how})",
            f"{PAPER}, section 5.1, Figure 2",
            min(many[0], many[-1]) > max(many[1:-1]),
            min(many[0], many[-1]) - max(many[1:-1]),
            ", ".join(f"{row['line']}: {number} units" for row, number in zip(rows, many, strict=True)),
        )


def _arithmetic(results: Results) -> Iterator[Claim]:
    for name, what in (("[0-9]", "digits"), ("( e )", "parentheses")):
        yield from _reaches(results, f"range of e -> {name}", 0.85, f"{PAPER}, section 5.2 ({what}: about 0.9 plain)")
    yield _range_or_impulse(results, "rule")
    operators = [row for row in _rows(results, group="rule", mark="range") if row["line"].startswith("e ")]
    others = [row["best"] for row in _rows(results, group="rule", mark="range") if not row["line"].startswith("e ")]
    if operators and others:
        best = max(row["best"] for row in operators)
        yield _claim(
            "digits and parentheses are told better than the expressions with an operator",
            f"{PAPER}, section 5.2",
            min(others) > best,
            min(others) - best,
            ", ".join(f"{row['line']}: {row['best']:.3f}" for row in operators),
        )


def _source(results: Results) -> Iterator[Claim]:
    scored = {row["line"] for row in _rows(results, group="node")}
    yield _claim(
        "ten types of parse-tree nodes are scored",
        f"{PAPER}, section 5.3",
        len(scored) >= 10,
        len(scored),
        ", ".join(f"{row['line']}: {row['best']:.3f}" for row in _rows(results, group="node", mark="range")),
    )
    yield _range_or_impulse(results, "node")


def _range_or_impulse(results: Results, group: str) -> Claim:
    best = {mark: {row["line"]: row for row in _rows(results, group=group, mark=mark)} for mark in ("range", "impulse")}
    # a symbol alone is its own range and its own impulse
    lines = [line for line in best["range"] if line in best["impulse"] and line != "digit"]
    mean = {mark: float(np.mean([rows[line]["best"] for line in lines])) for mark, rows in best.items()}
    plain = {mark: float(np.mean([rows[line]["accuracy"] for line in lines])) for mark, rows in best.items()}
    more = sum(best["range"][line]["best"] > best["impulse"][line]["best"] for line in lines)
    return _claim(
        "range is told better than impulse (mean of the best units' balanced accuracies)",
        f"{PAPER}, section 5.2, where accuracy was plain",
        mean["range"] > mean["impulse"],
        mean["range"] - mean["impulse"],
        f"{mean['range']:.3f} against {mean['impulse']:.3f}; range is better for {more} of {len(lines)}; by plain "
        f"accuracy {plain['range']:.3f} against {plain['impulse']:.3f}",
    )


def _n_gram(results: Results) -> Iterator[Claim]:
    bits, counted = results["quality"]["bits"], results["quality"]["n_gram"]
    yield _claim(
        "the LSTM needs fewer bits per symbol than a 5-gram model",
        "our own check",
        bits < counted,
        bits,
        f"interpolated Kneser-Ney, trained on the same text: {counted:.3f}",
    )


def _removal(results: Results) -> Iterator[Claim]:
    # of parentheses, the first two are two ways to rank units by the same digits
    for feature in results["features"][: 2 if results["language"] == "parens" else 1]:
        yield from _removed(results, feature)
    yield from _replaced(results, results["features"][0])


def _removed(results: Results, feature: str) -> Iterator[Claim]:
    what = "the right digit" if results["language"] == "parens" else "the type of the next symbol"
    table, intact = _table(results), results["removal"]["intact"]["accuracy"]
    for count in LARGE:
        top = table.get((feature, "remove", "top", count))
        random = table.get((None, "remove", "random", count))
        if top and random:
            yield _claim(
                f"without the top {count} units of {feature!r} {what} is predicted clearly worse than without {count} "
                "random ones (below the 95% interval of their mean, and below 95% of the sets)",
                f"{PAPER}, section 5.2, Figure 5",
                top["accuracy"] < random["low"] and top["as_low"] <= 0.05,
                random["accuracy"] - top["accuracy"],
                f"accuracy: all units {intact:.3f}, without the top {top['accuracy']:.3f}, without random ones "
                f"{random['accuracy']:.3f} ({random['low']:.3f} to {random['high']:.3f}); {top['as_low']:.0%} of the "
                "random sets are as low",
            )
    one, five = (table.get((feature, "remove", "top", count)) for count in (1, 5))
    if one and five:
        yield _claim(
            f"without the top unit of {feature!r} alone little is lost: less than a quarter of what the top 5 cost",
            f"{PAPER}, section 5.2, Figure 5",
            intact - one["accuracy"] < 0.25 * (intact - five["accuracy"]),
            intact - one["accuracy"],
            f"without the top 5: {intact - five['accuracy']:.3f}",
        )


def _replaced(results: Results, feature: str) -> Iterator[Claim]:
    table = _table(results)
    for way, how in (("oracle", "from -1 to 1"), ("own means", "between each unit's own means")):
        ten, gone = table.get((feature, way, "top", 10)), table.get((feature, "remove", "top", 10))
        if ten and gone:
            yield _claim(
                f"the label in place of the top 10 units ({how}) serves the model better than nothing in their place",
                f"{PAPER}, Figure 5, found no measurable difference"
                if way == "oracle"
                else "our own check, not in the paper",
                ten["accuracy"] > gone["accuracy"],
                ten["accuracy"] - gone["accuracy"],
                f"accuracy {ten['accuracy']:.3f}; nothing: {gone['accuracy']:.3f}",
            )


def _table(results: Results) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of Figure 5 by feature, way, units and count."""
    return {(row["feature"], row["way"], row["units"], row["count"]): row for row in results["removal"]["rows"]}


def _writing(results: Results) -> Iterator[Claim]:
    for feature in results["features"]:
        rows = [row for row in results["writing"] if row["feature"] == feature]
        none = next(row for row in rows if row["units"] == "none")
        for held, how in (("1", "at 1"), ("side", "at 1 or -1, on the side of the hypothesis")):
            own = {row["count"]: row for row in rows if row["units"] == "top" and row["held"] == held}
            random = {row["count"]: row for row in rows if row["units"] == "random"}
            above = [count for count in own if own[count]["rate"] > random[count]["high"]]
            if own:
                last = max(own)
                yield _claim(
                    f"holding the top units of {feature!r} {how} makes the model write more {none['what']} than random "
                    "units (above the 95% interval of their mean, for the largest k)",
                    f"{PAPER}, sections 5.2 and 5.3" if held == "1" else "our own check, not in the paper",
                    last in above,
                    own[last]["rate"],
                    "for each 100 symbols; as it is "
                    + f"{none['rate']:.2f}; "
                    + "; ".join(
                        f"k = {count}: {own[count]['rate']:.2f} against {random[count]['rate']:.2f} "
                        f"({random[count]['low']:.2f} to {random[count]['high']:.2f})"
                        for count in own
                    ),
                )
