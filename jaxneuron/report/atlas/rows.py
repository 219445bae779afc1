"""The index of an atlas: a row for each unit, with what a reader searches and sorts by."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxneuron.files import beside
from jaxneuron.report.atlas.plain import plain
from jaxneuron.report.atlas.unit import Example, Polarity, Unit

WORDS = 6
"""Different words at which a unit is farthest, on each side."""

AROUND = 5
"""Words of context on each side of the one place that a row shows."""


class Row(NamedTuple):
    """What the index says about a unit; what was not asked is None, words that are not there are empty."""

    site: str
    unit: int
    kind: str
    name: str
    density: float | None
    mean: float | None
    deviation: float | None
    skewness: float | None
    kurtosis: float | None
    minimum: float | None
    maximum: float | None
    saturated: float | None
    dead: bool
    description: str
    measure: str  # of its score
    score: float | None  # of the description, on held-out text
    score_low: float | None  # the lower end of its interval
    control: float | None  # the same of a control
    formula: str  # of the best concept
    concept_score: float | None  # on held-out text
    explained: float | None  # by the best description, or else concept: 0 is chance, 1 is all, on held-out text
    best_input: str  # that drives it highest of what was searched
    written: str  # outputs that it speaks for
    loss: float | None  # how much worse the model is without the unit
    divergence: float | None
    turned: float | None  # how far the last vectors turn without it, of a model without a head
    correlation: float | None  # with the most alike unit
    high_words: str
    low_words: str
    high_place: str
    low_place: str


def row(unit: Unit) -> Row:
    """Return a unit's row of the index."""
    identity, spread = unit.identity, unit.distribution
    said = unit.descriptions[0] if unit.descriptions else None
    concept = unit.concepts[0] if unit.concepts else None
    effect = unit.effects[0] if unit.effects else None
    sides = [getattr(unit.examples, side, None) for side in ("positive", "negative")]
    correlations = [one.value for one in unit.neighbours if one.measure == "correlation"]
    return Row(
        site=identity.site,
        unit=int(identity.unit),
        kind=identity.kind,
        name=identity.name,
        density=_figure(spread.density),
        mean=_figure(spread.mean),
        deviation=_number(np.sqrt(spread.variance)),
        skewness=_number(spread.skewness),
        kurtosis=_number(spread.kurtosis),
        minimum=_number(spread.minimum),
        maximum=_number(spread.maximum),
        saturated=_number(spread.saturated),
        dead=bool(spread.dead),
        description=said.text if said else "",
        measure=said.measure if said else "",
        score=_figure(said and said.score),
        score_low=_number(said.score.low) if said and said.score else None,
        control=_figure(said and said.control),
        formula=concept.formula if concept else "",
        concept_score=_figure(concept and concept.held_out),
        explained=_explained(unit),
        best_input=_best_input(unit),
        written=" ".join(one.token for one in unit.writes[0].top[:WORDS]) if unit.writes else "",
        loss=_figure(effect and effect.loss),
        divergence=_figure(effect and effect.divergence),
        turned=_figure(effect and effect.turned),
        correlation=_number(max(correlations, key=abs, default=None)),
        high_words=_words(sides[0]),
        low_words=_words(sides[1]),
        high_place=_place(sides[0]),
        low_place=_place(sides[1]),
    )


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return rows as columns, by name."""
    return {name: [one[number] for one in rows] for number, name in enumerate(Row._fields)}


def export(rows: Sequence[Row], out: Path) -> None:
    """Write the index as `index.csv` and `index.parquet`, with one column for each field of a row.

    Raises:
        OSError: see `files.beside`.
    """
    import pyarrow as arrow
    from pyarrow import csv, parquet

    kinds = {"str": arrow.string(), "int": arrow.int64(), "bool": arrow.bool_()}
    types = Row.__annotations__.items()
    schema = arrow.schema([(name, kinds.get(getattr(kind, "__name__", ""), arrow.float64())) for name, kind in types])
    table = arrow.table(columns(rows), schema=schema)
    with beside(out / "index.csv") as temporary:
        csv.write_csv(table, temporary)
    with beside(out / "index.parquet") as temporary:
        parquet.write_table(table, temporary)


def _explained(unit: Unit) -> float | None:
    """Return how well the unit is explained on text that had no say in it, from 0, which is chance, to 1."""
    for said in unit.descriptions:
        if said.score and said.measure == "correlation":
            return _number(said.score.value)
    for concept in unit.concepts:
        if concept.measure.startswith("auroc"):
            return _number(2 * concept.held_out.value - 1)
    return None


def _best_input(unit: Unit) -> str:
    """Return the input that drives the unit highest."""
    rising = [one for one in unit.inputs if one.sign == "+"]
    return " ".join(max(rising, key=lambda one: one.activation).tokens) if rising else ""


def _figure(estimate: Any) -> float | None:
    return _number(estimate.value) if estimate else None


def _number(value: Any) -> float | None:
    return None if value is None else plain(float(value))


def _words(side: Polarity | None) -> str:
    top: Iterable[Example] = side.top if side else ()
    return " ".join(list(dict.fromkeys(one.tokens[one.word] for one in top))[:WORDS])


def _place(side: Polarity | None) -> str:
    if not side or not side.top:
        return ""
    best = side.top[0]
    before = list(best.tokens[max(0, best.word - AROUND) : best.word])
    return " ".join([*before, f"[{best.tokens[best.word]}]", *best.tokens[best.word + 1 : best.word + 1 + AROUND]])
