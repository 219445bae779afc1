"""`jaxneuron find METHOD`: which n-grams make units fire, or what else a model has inside."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _searched, _targets
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Length, Seed
from jaxneuron.cli._question import Told
from jaxneuron.cli._signature import Method
from jaxneuron.cli._sought import Sought
from jaxneuron.cli._targets import Wanted


class Given(NamedTuple):
    """What is searched for in a model, and the text whose words the n-grams are made of."""

    model: _inputs.Model
    site: Annotated[
        str | None, typer.Option(help="Where the units are; `jaxneuron sites MODEL` lists them.", show_default=False)
    ] = None
    units: Annotated[str | None, typer.Option(help="Unit numbers: 3, 3,5 or 0-9.", show_default=False)] = None
    target: Annotated[list[str] | None, typer.Option(help=_targets.SAYS, show_default=False)] = None
    text: _asked.Text = _asked.Text(most=500)
    length: Length = 3
    k: Annotated[int, typer.Option(min=1, help="N-grams of each target.")] = 3
    in_sentence: Annotated[
        bool, typer.Option("--in-sentence", help="Of corpus: read each n-gram behind what precedes it in its text.")
    ] = False
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    sought: Sought = Sought()
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def find(method: Method, told: Told, given: Given) -> None:
    """Find the n-grams at whose last symbol something is highest: units, their mean, a direction or an output."""
    model = given.model
    _targets.check(given.site, given.units, given.target)
    if given.in_sentence and method.name != "corpus":
        raise ValueError(
            f"--in-sentence is for corpus, which takes n-grams from the text; {method.name} makes its own: leave it out"
        )
    given.sought.check(given.length, given.in_sentence)
    given.text.check(model)
    given.shown.check()
    read = given.text.read()
    opened = _inputs.load(model, given.head, given.dictionary)
    if given.target:
        asked = _targets.wanted(opened, given.target)
    else:
        asked = [_targets.units(opened, str(given.site), _inputs.numbers(str(given.units)))]
    at = _searched.material(method, told, given, opened, read.sentences)
    unknown = _inputs.unknown(opened, read.sentences)
    searched = [_searched.searched(at, one) for one in asked]
    named = [_names(opened, one.wanted, given.text.data, given.text.split) for one in searched]
    certified = any(one.found.optimal is not None for one in searched)
    chance = any(one.chance is not None for one in searched)
    rows: list[Any] = []
    said = []
    for one, names in zip(searched, named, strict=True):
        names = names or [""] * len(one.wanted.names) * any(named)
        more = _searched.rows(at, one, names, chance, certified)
        rows, said = rows + more[0], said + more[1]
    if at.before or at.after:
        around = [[opened.vocabulary.words[one] for one in side] for side in (at.before, at.after)]
        what = "what precedes it" if given.in_sentence else "nothing else"
        said.append(f"Each n-gram is read with {what} as a text: {' '.join([*around[0], '…', *around[1]])}.")
    parts = [
        f"the percentile among the text's {len(at.grams.ids):,} n-grams of those that are less so",
        f"the {'lowest' if given.sought.minimise else 'highest'} of them (text)",
        "how many of their standard deviations it is from their mean (deviations)",
        *["the same of random directions, searched in the same way (random)"] * chance,
        *["how many words may be replaced at once without a better score (optimal)"] * certified,
    ]
    said.append(f"Beside each score: {', '.join(parts)}.")
    said.append(f"{unknown}.")
    columns = (
        *("site", "unit", *["name"] * any(named), "rank", "n-gram", "score", "percentile", "text", "deviations"),
        *(*["random"] * chance, *["optimal"] * certified, *["in"] * given.in_sentence),
    )
    units = f"{given.site}, unit{'s' * (len(asked[0].names) > 1)} {given.units}"
    title = ", ".join(given.target) if given.target else units
    given.shown.give(Answer(f"What makes {title}, fire?", said, columns, rows))


def _names(model: Any, wanted: Wanted, data: Path | None, split: str | None) -> list[str]:
    """Return what units of a projection stand for: words, or the named features of images; else nothing."""
    from jaxneuron.corpora import captions

    if wanted.site not in model.linear or not all(name.isdigit() for name in wanted.names):
        return []
    width, known = _inputs.shape(model, wanted.site).shape[-1], ()
    if len(model.vocabulary.words) == width:
        known = model.vocabulary.words
    elif data is not None and data.is_dir() and captions.holds(data):
        known = captions.read(data, split or "train").names
    return [known[int(name)] for name in wanted.names] if len(known) == width else []
