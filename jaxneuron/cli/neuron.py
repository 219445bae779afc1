"""`jaxneuron neuron`: what units respond to; the record and the page of `jaxneuron atlas`, of the units asked for."""

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _answer, _asked, _inputs, _out
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._shared import bars, say

BEFORE, AFTER = 6, 3
"""Words of context to the left and to the right."""

FILES = ("answer.jsonl",)
"""By which a folder is known to be what this command wrote."""


class Given(NamedTuple):
    """Units of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    units: _inputs.Units
    text: _asked.Text = _asked.Text(most=2000)
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Places on each side.")] = 5
    seed: Seed = 0
    json: _inputs.Json = False
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for the pages, the records and the JSON lines: a new one, or this command's."),
    ] = None


def neuron(given: Given) -> None:
    """What does a neuron respond to? The words and places where a unit is highest and lowest, and how it is spread."""
    asked = _inputs.numbers(given.units)
    given.text.check(given.model)
    if given.out is not None:
        _out.folder(given.out, FILES)
    from jaxneuron.cli import _atlas_pass, _atlas_text, atlas
    from jaxneuron.corpora.labelled import Labelled
    from jaxneuron.extract import to_statistics
    from jaxneuron.files import beside
    from jaxneuron.report.atlas import write

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    _inputs.units_there(opened, given.site, asked)
    unknown = _inputs.unknown(opened, read.sentences)
    data = given.text.data if given.text.data is not None else Path(read.name)
    wish = atlas.Given(given.model, data, given.out, given.site, given.units, split=given.text.split, seed=given.seed)
    wish = wish._replace(exemplars=max(given.k, wish.exemplars))
    run = _atlas_pass.prepared(opened, _atlas_text.plain(Labelled(*read[:3])), wish)
    with bars(given.json) as report:
        progress, done = report(f"{given.site} of {read.name}"), 0

        def count(words: int) -> None:
            nonlocal done
            done += words
            progress(done, sum(map(len, read.sentences)))

        state, begun = None, to_statistics.init(run.wanted)
        for state in to_statistics.read(opened, run.text, run.wanted, run.parts, begun, progress=count):  # noqa: B007
            pass  # of the last block is what matters
        assert state is not None
        told = _atlas_pass.known(run, wish, Path(), state, report, _answer.COMMAND.get())
        records = list(told.units)
    rows = [row for record in records for row in _places(record, given.k)]
    said = [sentence for record in records for sentence in _said(record)]
    said.append(f"{read.name}, read by {_inputs.short(given.model)}: {unknown}.")
    title = f"What does {given.site}, unit{'s' * (len(asked) > 1)} {given.units}, respond to?"
    answer = Answer(title, said, ("site", "unit", "side", "what", "score", "place"), rows, shown=len(rows))
    _answer.give(answer, None, given.json)
    if given.out is None:
        return
    page = write.write(given.out, records, title=title, kept=_atlas_pass.kept(run, told.found))
    with beside(given.out / FILES[0]) as temporary:
        lines = (json.dumps(dict(zip(answer.columns, row, strict=True))) for row in rows)
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if not given.json:
        say(f"The page: {page}")


def _said(record: Any) -> list[str]:
    """Return at which words a unit is highest and lowest, and how its values are spread."""
    from jaxneuron.report.atlas import rows

    unit, spread = record.identity.unit, record.distribution
    row = rows.row(record)
    ends = [f"{side}est at {words}" for side, words in (("high", row.high_words), ("low", row.low_words)) if words]
    levels = dict(zip(map(float, spread.levels), map(float, spread.quantiles), strict=True))
    dead = ", always" if spread.dead else ""
    return [f"Unit {unit}: {'; '.join(ends)}."] * bool(ends) + [
        f"Unit {unit} of {record.identity.site}: mean {spread.mean.value:.3g}{dead}, standard deviation "
        f"{spread.variance**0.5:.3g}; 98% of {spread.count:,} places lie from {levels[0.01]:.3g} to "
        f"{levels[0.99]:.3g}, median {levels[0.5]:.3g}."
    ]


def _places(record: Any, k: int) -> list[tuple[Any, ...]]:
    """Return the places where a unit is highest and lowest, in their text."""
    found = []
    for name, side in (("high", "positive"), ("low", "negative")):
        sides = getattr(record.examples, side, None)
        for one in sides.top[:k] if sides else ():
            what, where = one.tokens[one.word], f"text {one.text}"
            if len(one.tokens) > 1:
                before, after = one.tokens[max(0, one.word - BEFORE) : one.word], one.tokens[one.word + 1 :][:AFTER]
                what, where = " ".join([*before, f"[{what}]", *after]), f"{where}, word {one.start + one.word}"
            found.append((record.identity.site, record.identity.unit, name, what, float(one.values[one.word]), where))
    return found
