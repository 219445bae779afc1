"""`jaxneuron attribute METHOD`: what in a text drove a score."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs
from jaxneuron.cli._answer import Answer, Coloured
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

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

    read = given.text.read()
    opened = _inputs.load(given.model, given.head)
    _inputs.unknown(opened, read.sentences)
    rows: list[Any] = []
    said, texts = [], []
    takes = _takes(method)
    whole = deleted or bool(takes & {"groups", "window"})  # at each unit of a token stands what is the token's
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} of {len(read.sentences)} texts")
        plays = takes & {"groups", "mask"} and not deleted
        padded = len(read.sentences) > 1 and not plays and _explained.blind(opened, read.sentences[0])
        for number, sentence in enumerate(read.sentences):
            if deleted:
                found = _explained.shortened(opened, sentence, str(given.site), number, padded=padded)
            else:
                found = _explained.explain(opened, sentence, given.site, given.target, given.position, padded=padded)
            reference = found.baseline(given.baseline)
            known = {"key": jax.random.key(given.seed), "f": found.f, "x": found.x, "baseline": reference}
            known |= {"baselines": reference, "kept": found.f}
            if given.through is not None:
                where = (opened.forward, opened.params, found.tokens, found.site, given.through, found.target)
                known["through"] = path(*where)
            players = {} if deleted else {"groups": found.groups(), "mask": found.mask()}
            result = call(method, "attribute", known, _sized(told, found.x.shape), **players)
            value = found.own(getattr(result, "attribution", result))
            per_token = (value[:, 0] if whole else value.sum(-1)).tolist()
            rows += _rows(found, value, per_token, number, given.through or found.site, 0 if whole else given.k)
            title = f"text {number}: {found.name}" + ("" if deleted else f", {found.score:.4g}")
            texts.append(Coloured(title, found.pieces, per_token, "" if opened.symbol == "character" else " "))
            said.append(_said(method, found, per_token, number, result, given.baseline))
            progress(number + 1, len(read.sentences))
    columns = ("text", "kind", "place", "token", "site", "unit", "score")
    note = "Orange: raised the score; blue: lowered it. The pointer shows by how much."
    note = "Orange: without the word the vector turns far, by 1 - cosine." if deleted else note
    given.shown.give(Answer(f"What drove {_inputs.short(given.model)}?", said, columns, rows, texts, note=note))


def _takes(method: Method) -> set[str]:
    """Return the parameters of a method."""
    import importlib
    import inspect

    return set(inspect.signature(importlib.import_module(method.module).attribute).parameters)


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

    pieces = found.pieces if len(weights) == len(found.pieces) else ["(the text)"] * len(weights)
    rows: list[Any] = [
        (text, "token", place, piece, site, "", weight)
        for place, (piece, weight) in enumerate(zip(pieces, weights, strict=True))
    ]
    units = value.sum(0)
    best = np.argsort(-np.abs(units))[:k]
    return rows + [(text, "unit", "", "", site, int(unit), float(units[unit])) for unit in best]


def _said(method: Method, found: Any, weights: list[float], text: int, result: Any, kind: str) -> str:
    order = sorted(range(len(weights)), key=lambda place: -abs(weights[place]))[:3]
    pieces = found.pieces if len(weights) == len(found.pieces) else ["(the text)"] * len(weights)
    drove = ", ".join(f"{pieces[place]!r} ({weights[place]:+.3g})" for place in order)
    if found.target is None:
        return f"Text {text}: {found.name} turns furthest (1 - cosine) without {drove.replace('+', '')}."
    said = f"Text {text}: {found.name} scores {found.score:.4g}; most of it from {drove}."
    if hasattr(result, "error"):
        error = float(abs(result.error).max())
        said += f" The shares miss what they should add up to by {error:.2g}"
        finer = [f"--{option.name}" for option in method.options if option.name in ("steps", "tolerance", "samples")]
        much = error > 0.02 * max(map(abs, weights), default=0)
        said += f", which is much: see {' and '.join(finer)}." if much and finer else "."
    if sum(map(abs, weights)) > FAR * max(abs(found.score), 1e-6) and "baseline" in method.takes and kind == "zero":
        said += (
            " The shares are far larger than the score: near a baseline of zero a norm is steep; try --baseline mean."
        )
    return said
