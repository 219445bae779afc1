"""`jaxneuron writes METHOD`: what units write, and what becomes of the predictions by it."""

from typing import Annotated, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _told, _wrote
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

WEIGHTS = ("vocabulary", "weight_classes")
"""Methods that read the weights, and need no text."""


class Given(NamedTuple):
    """Units of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    units: Annotated[str | None, typer.Option(help="Unit numbers: 3, 3,5 or 0-9; by default all of the site.")] = None
    text: _asked.Text = _asked.Text(most=200)
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, max=1000, help="Outputs shown on each side.")] = 8
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def writes(method: Method, told: Told, given: Given) -> None:
    """Say what units write: which outputs they speak for and against, or of what kind they are."""
    asked = None if given.units is None else _inputs.numbers(given.units)
    there = bool(given.text.text) or given.text.data is not None
    given.text.check(given.model, needed=method.name not in WEIGHTS)
    given.shown.check()
    import jax
    import numpy as np

    from jaxneuron.types import Tokens
    from jaxneuron.writes import VERB, Promoted, entropy, vocabulary, weight_classes

    opened = _inputs.load(given.model, given.head, given.dictionary)
    if asked is None:
        asked = list(range(_inputs.shape(opened, given.site).shape[-1]))
    _inputs.units_there(opened, given.site, asked)
    tokens, said = None, []
    if there:
        read = given.text.read()
        said = [f"{_inputs.unknown(opened, read.sentences)}."]
        found = _inputs.beginnings(opened, read.sentences).tokens
        tokens = Tokens(np.asarray(found.ids), np.asarray(found.mask))
    known = {
        "key": jax.random.key(given.seed),
        "forward": opened.forward,
        "params": opened.params,
        "tokens": tokens,
        "units": np.asarray(asked),
    }
    names, head = opened.labels or opened.vocabulary.words, None
    if opened.head == "none" and method.name != "weight_classes":
        names = opened.vocabulary.words
        head = vocabulary.embedding(opened.forward, opened.params, len(names))
        said.append("The model has no head: what is written is read by how it lies to the words' own vectors.")
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {given.site}")
        result = call(method, VERB, known, told, site=given.site, head=head, progress=progress)
    about = _wrote.Writers(given.site, asked, names, given.k, given.units is None)
    if isinstance(result, Promoted):
        answer = _wrote.promoted(about, result, method.name)
    elif isinstance(result, weight_classes.Classes):
        answer = _wrote.classes(about, result)
    elif isinstance(result, entropy.Regulation):
        answer = _wrote.regulation(about, result)
    else:
        plain = _told.plain(result)
        answer = Answer(f"What do units of {given.site} write?", plain.said, plain.columns, plain.rows, note=plain.note)
    given.shown.give(answer._replace(sentences=[*answer.sentences, *said]))
