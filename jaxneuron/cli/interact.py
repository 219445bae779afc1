"""`jaxneuron interact METHOD`: what in a text mattered together."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _pieces
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted
from jaxneuron.cli._signature import Method
from jaxneuron.report.coloured import Coloured

ROUNDING = 1e-6
"""Of a score in float32: what is no larger is nothing."""


class Given(NamedTuple):
    """Texts, the target that they drive, and the site of their features."""

    model: _inputs.Model
    text: _asked.Text = _asked.Text(most=5)
    target: _inputs.Target = None
    position: _inputs.Position = -1
    site: _inputs.At = None
    baseline: _inputs.Baseline = "zero"
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Sets shown of each text.")] = 10
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def interact(method: Method, told: Told, given: Given) -> None:
    """Share the target's score out over sets of tokens."""
    given.text.check(given.model)
    given.shown.check()
    import jax

    from jaxneuron.cli import _explained

    read, opened = _explained.begin(given)
    rows: list[Any] = []
    said, texts = [], []
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} of {counted(len(read.sentences), 'text')}")
        padded = len(read.sentences) > 1 and _explained.blind(opened, read.sentences[0])
        for number, sentence in enumerate(read.sentences):
            found = _explained.explain(
                opened, sentence, given.site, given.target, given.position, padded=padded, played=True
            )
            known = {
                "key": jax.random.key(given.seed),
                "f": found.f,
                "x": found.x,
                "baseline": found.baseline(given.baseline),
            }
            result = call(method, "interact", known, told, groups=found.groups(), mask=found.mask())
            own = [one for one in _sets(result) if max(one[0]) < len(found.pieces)]  # of nobody behind the text
            sets = sorted(own, key=lambda one: -abs(one[1]))
            rows += [
                (number, [found.pieces[place] for place in members], list(members), value)
                for members, value in sets[: given.k]
            ]
            noise = ROUNDING * max(abs(found.score), *(abs(value) for _, value in sets))
            strongest = next((one for one in sets if len(one[0]) > 1 and abs(one[1]) > noise), None)
            if strongest:
                members, value = strongest
                together = " and ".join(repr(_pieces.whole(found.word, found.pieces, place)) for place in members)
                said.append(
                    f"Text {number}: {found.name} scores {found.score:.4g}; together most: {together} ({value:+.3g})."
                )
            else:
                said.append(f"Text {number}: {found.name} scores {found.score:.4g}; no two tokens interact.")
            alone = {members[0]: value for members, value in sets if len(members) == 1}
            weights = [alone.get(place, 0.0) for place in range(len(found.pieces))]
            title = f"text {number}: {found.name}, {found.score:.4g}"
            texts.append(Coloured(title, found.pieces, weights, _pieces.before(found.word, found.pieces)))
            progress(number + 1, len(read.sentences))
    columns = ("text", "tokens", "places", "score")
    note = (
        "Orange: raised the score by itself; blue: lowered it; the strongest colour is each text's largest. The table "
        "has what was together. Texts and places are counted from 0."
    )
    asked = f" for {given.target}" if given.target else ""
    title = f"What mattered together to {_inputs.short(given.model)}{asked}?"
    given.shown.give(Answer(title, said, columns, rows, texts, note=note))


def _sets(result: Any) -> list[tuple[tuple[int, ...], float]]:
    """Return sets of players with their values, of whatever a method returns: a matrix, subsets, sets or a tree."""
    import numpy as np

    if isinstance(result, list):  # levels of a tree, of each text; its root is the text, of which nothing is said
        spans = {members: value for level in result[0] for members, value in _level(level)}
        return [(members, value) for members, value in spans.items() if len(members) < max(map(len, spans))]
    if hasattr(result, "sets"):
        sets, value = np.asarray(result.sets)[0], np.asarray(result.attribution)[0]
        groups = [np.flatnonzero(sets == number).tolist() for number in np.unique(sets)]
        return [(tuple(group), float(value[group[0]])) for group in groups]
    result = getattr(result, "attribution", result)
    if hasattr(result, "members"):
        members, value = np.asarray(result.members), np.asarray(result.value)[0]
        members = members[0] if members.ndim == 3 else members
        return [(tuple(np.flatnonzero(row).tolist()), float(one)) for row, one in zip(members, value, strict=True)]
    matrix = np.asarray(result)[0]
    places = range(len(matrix))
    return [((i,) if i == j else (i, j), float(matrix[i, j])) for i in places for j in places if i <= j]


def _level(level: Any) -> list[tuple[tuple[int, ...], float]]:
    return [(tuple(range(int(first), int(last))), float(value)) for first, last, value in zip(*level[:3], strict=False)]
