"""What becomes of texts where sets of units are changed: of predictions, or of vectors of a model without a head."""

import dataclasses
import re
from functools import partial
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _intervened, _placed
from jaxneuron.cli._chosen import Chosen
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call, parameters
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

OPTIONS = ("value",)
"""Parameters of methods that `Given` speaks for."""


class Given(NamedTuple):
    """Units of a model, what they are set to, and the text that it reads."""

    model: _inputs.Model
    chosen: Chosen
    value: Annotated[
        str,
        typer.Option(
            help="What units are set to: a number, mean (each unit's own over the text), or resampled (what it is at "
            "another word)."
        ),
    ] = "0"
    target: Annotated[
        str | None, typer.Option(help="The output whose confidence is compared; by default the first choice.")
    ] = None
    text: _asked.Text = _asked.Text(most=200)
    labels: Annotated[str | None, typer.Option(help="The layer of labels of --class, by default the first.")] = None
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="A label, such as NOUN: what becomes of its words alone is measured; of oracle, units say where it is",
        ),
    ] = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Change sets of units, and say what becomes of the model's predictions."""
    given.chosen.check()
    given.text.check(given.model)
    known = parameters(method, "intervene")
    follows, search = "labels" in known, "candidates" in method.takes
    if follows and given.class_ is None:
        raise ValueError(f"{method.name} lets units say where a label is; give it as --class, with a labelled --data")
    if given.labels is not None and given.class_ is None:
        raise ValueError(f"--labels {given.labels}: give one label of it as --class")
    _check_value(method, given, search or "value" in known)
    given.shown.check()
    import jax
    import jax.numpy as jnp

    from jaxneuron.intervene import Answered
    from jaxneuron.types import Tokens

    read, site = given.text.read(), given.chosen.site
    opened = _inputs.load(given.model, given.head, given.dictionary)
    sets = given.chosen.sets(opened)
    units = sets.masks.any(0)
    if search and told.get("count", 1) > units.sum():
        raise ValueError(f"--count {told['count']} of {units.sum()} --units; give more units to choose from, or fewer")
    unknown = _inputs.unknown(opened, read.sentences)
    text_read = _inputs.beginnings(opened, read.sentences)
    tokens = Tokens(jnp.asarray(text_read.tokens.ids), jnp.asarray(text_read.tokens.mask))
    if opened.head == "next word" and tokens.mask.shape[1] < 2:
        raise ValueError(f"each text is one {opened.symbol}, after which nothing is predicted; give longer texts")
    alone = len(sets.names) == 1 and not search
    comparison, what = _comparison(opened, given, alone)
    if given.class_ is not None and not follows:
        here = _placed.places(read, given.labels, given.class_, text_read) > 0
        answers = _placed.answers(here, text_read.tokens, opened.head == "next word")
        comparison = Answered(dataclasses.replace(comparison, only=True), answers)
        unknown += f"; measured at the {int((answers >= 0).sum()):,} places of {given.class_} alone"
    made = {"forward": opened.forward, "params": opened.params, "tokens": tokens, "target": comparison}
    made |= {"masks": sets.masks, "candidates": units, "key": jax.random.key(given.seed)}
    extra = {"labels": _placed.places(read, given.labels, given.class_, text_read)} if follows else {}
    if search:
        score = partial(_score, loss=opened.head == "next word", moved=bool(what))
        told = {**told, "score": score, "value": _value(given, opened, tokens)}
    elif "value" in known:
        extra["value"] = _value(given, opened, tokens)
    with bars(given.shown.json) as report:
        effect = call(method, "intervene", made, told, site=site, progress=report(f"{method.name} at {site}"), **extra)
    if own := TOLD.get(type(effect).__name__):
        return given.shown.give(own(effect, site, opened.head == "next word", unknown))
    held = f"where {given.class_} is" if follows else given.value
    if not alone:
        title = f"What if units of {site} are {held}?"
        return given.shown.give(_intervened.several(title, effect, sets.names, opened, what, unknown))
    title = f"What if {sets.title} of {site} {'is' if units.sum() == 1 else 'are'} {held}?"
    if opened.head == "none":
        answer = _intervened.moved(title, effect.edited, text_read, what, unknown)
    else:
        answer = _intervened.predicted(title, effect, opened, read.sentences, unknown)
    given.shown.give(answer)


TOLD = {"Taken": _intervened.taken, "Evolved": _intervened.evolved}
"""How a result is told, by its class: `(result, site, loss, unknown) -> Answer`; an `Effect` is not among them."""


def _check_value(method: Method, given: Given, takes: bool) -> None:
    """Check what units are set to.

    Raises:
        ValueError: it is no number and no word that is known, or the method sets them to something of its own.
    """
    if given.value not in ("mean", "resampled"):
        try:
            sound = abs(float(given.value)) < float("inf")
        except ValueError:
            sound = False
        if not sound:
            raise ValueError(f"--value {given.value}: expected a number, mean or resampled")
    if not takes and given.value != "0":
        raise ValueError(f"--value {given.value}: {method.name} sets units to what it says itself; leave it out")


def _value(given: Given, model: Any, tokens: Any) -> Any:
    """Return what units are set to."""
    import jax

    from jaxneuron.intervene import ablate

    if given.value == "mean":
        return ablate.mean(model.forward, model.params, tokens, site=given.chosen.site)
    if given.value == "resampled":
        key = jax.random.key(given.seed)
        return ablate.resampled(key, model.forward, model.params, tokens, site=given.chosen.site)
    return float(given.value)


def _score(read: Any, *, loss: bool, moved: bool) -> Any:
    """Return what falls where units are missed, for each set: by how much predictions or vectors are worse or other."""
    if moved:
        turned, places = read.turned, read.places
        return -(turned * places).sum((-1, -2)) / places.sum((-1, -2))
    return -(read.loss if loss else read.divergence).sum(-1) / read.places.sum(-1)


def _comparison(model: Any, given: Given, alone: bool) -> tuple[Any, str]:
    """Return what is compared: predictions, or the vectors of the last site."""
    from jaxneuron.cli import _changes, _explained

    if model.head != "none":
        token = None if given.target is None else _explained.output(model, given.target)
        return _changes.Predicted(model.head == "next word", outputs=alone, token=token), ""
    if given.target is not None:
        raise ValueError(f"--target {given.target}: the model has no head, so no output has a confidence; leave it out")
    end = last(model, given.chosen.site)
    return _changes.Vectors(end), end


def last(model: Any, site: str) -> str:
    """Return the site that is farthest up of those that depend on one.

    Raises:
        ValueError: none does.
    """
    import jax.numpy as jnp

    from jaxneuron.split import between
    from jaxneuron.types import Tokens

    text = Tokens(jnp.zeros((1, 2), jnp.int32), jnp.ones((1, 2), bool))

    def height(name: str) -> tuple[bool, list[int], bool, str]:
        return name.startswith("final"), [int(one) for one in re.findall(r"\d+", name)], name.endswith("residual"), name

    for name in sorted(_inputs.sites(model), key=height, reverse=True):
        if name != site and name not in model.linear:
            try:
                between(model.forward, model.params, text, site, name)
            except ValueError:  # it does not depend on the site
                continue
            return name
    raise ValueError(
        f"the model has no head, and nothing comes after {site!r} that could change; choose an earlier site, or a "
        "model with a head"
    )
