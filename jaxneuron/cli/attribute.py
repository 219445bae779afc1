"""`jaxneuron attribute METHOD`: what in a text drove a score."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _pieces
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call, parameters
from jaxneuron.cli._shared import bars, counted
from jaxneuron.cli._signature import Method
from jaxneuron.report.coloured import Coloured

FAR = 100
"""Times the score that shares may have before that is said."""


class Given(NamedTuple):
    """Texts, the target that they drive, and the site whose units share its score."""

    model: _inputs.Model
    text: _asked.Text = _asked.Text(most=20)
    target: _inputs.Target = None
    position: _inputs.Position = -1
    site: _inputs.At = None
    through: Annotated[
        str | None, typer.Option(help="Of methods that follow a path: the site by whose units it goes.")
    ] = None
    baseline: _inputs.Baseline = "zero"
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Units shown of each text.")] = 5
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def attribute(method: Method, told: Told, given: Given) -> None:
    """Share the target's score out over tokens and units."""
    given.text.check(given.model)
    along = "through" in method.takes
    if along and given.through is None:
        raise ValueError(f"{method.name} follows a path; give the site by which it goes, as --through block0/mlp")
    if given.through is not None and not along:
        raise ValueError(f"--through {given.through} is for methods that follow a path; {method.name} does not")
    deleted = "kept" in method.takes
    if deleted and (given.site is None or given.target is not None or given.position != -1):
        raise ValueError(
            f"{method.name} compares the vectors of a site at the end of the text; give it as --site, such as "
            "block3/residual, and neither --target nor --position"
        )
    given.shown.check()
    import jax

    from jaxneuron.cli import _explained
    from jaxneuron.split import through as path

    read, opened = _explained.begin(given)
    rows: list[Any] = []
    said, texts = [], []
    signed = False
    takes = parameters(method, "attribute")
    whole = deleted or bool(takes & {"groups", "window"})  # at each unit of a token stands what is the token's
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} of {counted(len(read.sentences), 'text')}")
        plays = takes & {"groups", "mask"} and not deleted
        drawn = plays and "key" in takes  # players that are drawn at random are others if there are more
        padded = len(read.sentences) > 1 and not drawn and _explained.blind(opened, read.sentences[0])
        for number, sentence in enumerate(read.sentences):
            if deleted:
                found = _explained.shortened(opened, sentence, str(given.site), number, padded=padded)
            else:
                where = (given.site, given.target, given.position)
                found = _explained.explain(opened, sentence, *where, padded=padded, played=bool(plays))
            reference = found.baseline(given.baseline)
            known = {"key": jax.random.key(given.seed), "f": found.f, "x": found.x, "baseline": reference}
            known |= {"baselines": reference, "kept": found.f}
            if given.through is not None:
                where = (opened.forward, opened.params, found.tokens, found.site, given.through, found.target)
                known["through"] = path(*where)
            players = {} if deleted else {"groups": found.groups(), "mask": found.mask()}
            result = call(method, "attribute", known, _sized(told, found.x.shape), **players)
            value = found.own(getattr(result, "attribution", result))
            signed = signed or bool((value < 0).any())
            per_token = (value[:, 0] if whole else value.sum(-1)).tolist()
            if len(value) != len(found.pieces):  # a path through one vector for the text
                found = found._replace(pieces=["(the text)"], word=[-1])
            rows += _rows(found, value, per_token, number, given.through or found.site, 0 if whole else given.k)
            title = f"text {number}: {found.name}" + ("" if deleted else f", {found.score:.4g}")
            texts.append(Coloured(title, found.pieces, per_token, _pieces.before(found.word, found.pieces)))
            said.append(_said(method, found, per_token, number, result, given))
            progress(number + 1, len(read.sentences))
    columns = ("text", "kind", "place", "token", "word", "site", "unit", "score")
    note = (
        f"{_colours(deleted, signed)}; the strongest colour is each text's largest number, which the pointer shows. "
        "Texts and places are counted from 0."
    )
    asked = f"{given.target} of " if given.target else ""
    title = f"What drove {asked}{_inputs.short(given.model)}?"
    given.shown.give(Answer(title, said, columns, rows, texts, note=note))


def _colours(deleted: bool, signed: bool) -> str:
    """Return what the colours stand for."""
    if deleted:
        return "The stronger the colour, the farther the vector turns without the word, by 1 - cosine"
    return "Orange: raised the score; blue: lowered it" if signed else "The stronger the colour, the more it mattered"


def _sized(told: Told, shape: Any) -> Told:
    """Let a window be of whole tokens."""
    sized = dict(told)
    for name in ("window", "stride"):
        if name in sized:
            sized[name] = (sized[name], shape[-1]) if name == "window" else (sized[name], 1)
    return sized


def _rows(found: Any, value: Any, weights: list[float], text: int, site: str, k: int) -> list[Any]:
    """Return a row for each token, and for the `k` units that have most."""
    import numpy as np

    rows: list[Any] = [
        (text, "token", place, piece, _pieces.whole(found.word, found.pieces, place), site, "", weight)
        for place, (piece, weight) in enumerate(zip(found.pieces, weights, strict=True))
    ]
    units = value.sum(0)
    best = [unit for unit in np.argsort(-np.abs(units), kind="stable")[:k].tolist() if units[unit]]
    return rows + [(text, "unit", "", "", "", site, unit, float(units[unit])) for unit in best]


def _said(method: Method, found: Any, weights: list[float], text: int, result: Any, given: Given) -> str:
    order = sorted(range(len(weights)), key=lambda place: -abs(weights[place]))[:3]
    shown = [(_pieces.whole(found.word, found.pieces, place), weights[place]) for place in order]
    drove = ", ".join(f"{piece!r} ({weight:+.3g})" for piece, weight in shown)
    if found.target is None:
        return f"Text {text}: {found.name} turns furthest (1 - cosine) without {drove.replace('+', '')}."
    if not any(weights):
        return (
            f"Text {text}: {found.name} scores {found.score:.4g} at the word asked, and no token has a share in "
            "it: a unit that is off there has none. --position asks at another word; `jaxneuron neuron` says where one "
            "is on."
        )
    said = f"Text {text}: {found.name} scores {found.score:.4g}; strongest: {drove}."
    if hasattr(result, "error"):
        said += _missed(method, float(abs(result.error).max()), max(map(abs, weights), default=0), given.through)
    far = sum(map(abs, weights)) > FAR * max(abs(found.score), 1e-6)
    if far and "baseline" in method.takes and given.baseline == "zero":
        said += (
            " The shares are far larger than the score: near a baseline of zero a norm is steep; try --baseline mean."
        )
    return said


def _missed(method: Method, error: float, largest: float, through: str | None) -> str:
    """Return by how much the shares miss what they should add up to, and what would mend it."""
    said = f" The shares miss what they should add up to by {error:.2g}"
    finer = [f"--{option.name}" for option in method.options if option.name in ("steps", "tolerance", "samples")]
    if error <= 0.02 * largest or not finer:
        return f"{said}."
    if through is not None:
        return f"{said}: what goes around {through}, and what a finer {' and '.join(finer)} would mend."
    return f"{said}, which is much: see {' and '.join(finer)}."
