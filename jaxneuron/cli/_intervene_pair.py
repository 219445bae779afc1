"""What becomes of a text where activations of another one are put in: at every site and word, or group of units."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer, Heat
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

OPTIONS = ("sites",)
"""Parameters of methods that `Given` speaks for."""


class Given(NamedTuple):
    """Two texts of one length, what is read of them, and where one is put into the other."""

    model: _inputs.Model
    text: Annotated[str, typer.Option(help="The text that is changed: corrupted, to see what restores the answer.")]
    source: Annotated[str, typer.Option(help="The text whose activations are put in, of as many symbols.")]
    target: _inputs.Target = None
    against: Annotated[
        str | None, typer.Option(help="What is taken off the target, such as the form that is wrong.")
    ] = None
    position: _inputs.Position = -1
    sites: Annotated[
        str | None, typer.Option("--site", help="Sites, with commas; by default all that reach the target.")
    ] = None
    units: Annotated[
        list[str] | None,
        typer.Option(help="Of one --site: units that are put in instead of all; several times for several groups."),
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Put activations of one text into another, each place by itself, and say what that does to a score."""
    asked = names("--site", given.sites)
    _inputs.check(given.model, [given.text, given.source], None, None)
    if given.units and (asked is None or len(asked) != 1):
        raise ValueError(f"--units {given.units[0]}: units are of one site; give it as --site")
    numbers = [_inputs.numbers(group) for group in given.units or ()]
    given.shown.check()
    import numpy as np

    from jaxneuron.cli import _explained
    from jaxneuron.split import on_path
    from jaxneuron.targets import Minus

    opened = _inputs.load(given.model, given.head, given.dictionary)
    pair = [given.text.split(), given.source.split()]
    unknown = _inputs.unknown(opened, pair)
    texts, sources = (_inputs.beginnings(opened, [words]) for words in pair)
    pieces = [one.pieces[0] for one in (texts, sources)]
    if len(pieces[0]) != len(pieces[1]):
        raise ValueError(
            f"--text has {len(pieces[0])} {opened.symbol}s and --source {len(pieces[1])}, and places are put in one "
            "for one; give texts of one length"
        )
    first = _explained.explain(opened, pair[1], asked[0] if asked else None, given.target, given.position)
    target, name = first.target, first.name
    if given.against is not None:
        other = _explained.explain(opened, pair[1], asked[0] if asked else None, given.against, given.position)
        target, name = Minus(target, other.target), f"{name} against {other.name}"
    reach = on_path(opened.forward, opened.params, first.tokens, first.site, target)
    where = asked or _reaching(opened, reach, first.tokens.mask.shape[1])
    groups = {}
    for units in numbers:
        width = _inputs.units_there(opened, where[0], units)
        groups.setdefault(where[0], []).append(np.isin(np.arange(width), units))
    known = {"forward": opened.forward, "params": opened.params, "tokens": texts.tokens, "source": sources.tokens}
    known |= {"target": target, "groups": {site: np.stack(masks) for site, masks in groups.items()}}
    with bars(given.shown.json) as report:
        found = call(method, "intervene", known, told, sites=where, progress=report(f"{method.name} of {name}"))
    given.shown.give(_told(found, where, given.units or [], pieces, name, unknown))


def _reaching(model: Any, shapes: dict[str, Any], time: int) -> list[str]:
    """Return the sites with an activation for each word, from the words up, without those linear in another."""
    return [
        site
        for site in _inputs.sites(model)
        if site in shapes and shapes[site].shape[-2] == time and site not in model.linear
    ]


def _told(found: Any, where: list[str], groups: list[str], pieces: list[list[str]], name: str, unknown: str) -> Answer:
    """Return the places, the one that brings the text nearest to its source first, and a map of all."""
    restored, rows = found.restored(), []
    scores = float(found.unedited[0]), float(found.source[0])
    for site in where:
        for group, values in enumerate(found.edited[site]):
            units = groups[group] if groups else "all"
            for place, value in enumerate(values[: len(pieces[0]), 0].tolist()):
                share = float(restored[site][group, place, 0])
                words = (pieces[0][place], pieces[1][place])
                rows.append((site, units, place, *words, value, value - scores[0], share))
    heat = []
    order = sorted(rows, key=lambda row: -abs(row[6]))
    for units in groups or ["all"]:
        values = [[row[7] for row in rows if row[0] == site and row[1] == units] for site in where]
        named = [f"{place} {own}" for place, own in enumerate(pieces[0])]
        which = "" if units == "all" else f"units {units}, "
        title = f"The share of the way to the source, {which}down sites, across words"
        heat.append(Heat(title, where, named, [[min(max(one, 0), 1) for one in row] for row in values]))
    best = order[0]
    said = [
        f"The score of {name} is {scores[0]:.4g} in the text and {scores[1]:.4g} in its source.",
        f"It moves most ({best[6]:+.4g}, {best[7]:.1%} of the way) with what {best[0]} is at place {best[2]} of the "
        f"source ({best[4]!r} for {best[3]!r}).",
        f"{unknown}.",
    ]
    columns = ("site", "units", "place", "token", "in the source", "score", "change", "share")
    note = "share: of the way from the text's score to its source's; 1 restores it whole. Places are counted from 0."
    title = f"Where is what moves {name} between two texts?"
    return Answer(title, said, columns, order, heat=heat if scores[0] != scores[1] else (), note=note)
