"""`jaxneuron intervene METHOD`: what happens if these units are off, or held."""

import dataclasses
import importlib
import inspect
import re
from functools import partial
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _asked, _inputs, _intervened
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LONGEST, Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, counted
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """Units of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    units: _inputs.Units
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
    """Change some units together, and say what becomes of the model's predictions."""
    model, site = given.model, given.site
    asked = _inputs.numbers(given.units)
    given.text.check(model)
    follows = _takes(method, "labels")
    if follows and given.class_ is None:
        raise ValueError(f"{method.name} lets units say where a label is; give it as --class, with a labelled --data")
    if "step" in method.takes and (given.labels, given.class_) != (None, None):
        raise ValueError(f"--labels and --class are of a text that is read; {method.name} writes one: leave them out")
    if given.labels is not None and given.class_ is None:
        raise ValueError(f"--labels {given.labels}: give one label of it as --class")
    if told.get("length", 1) > LONGEST:
        raise ValueError(f"--length {told['length']:,}: expected {LONGEST:,} at most")
    if "candidates" in method.takes and told["count"] > len(asked):
        raise ValueError(f"--count {told['count']} of {len(asked)} --units; give more units to choose from, or fewer")
    given.shown.check()
    import jax.numpy as jnp
    import numpy as np

    from jaxneuron.intervene import Answered
    from jaxneuron.types import Tokens

    read = given.text.read()
    opened = _inputs.load(model, given.head, given.dictionary)
    width = _inputs.units_there(opened, site, asked)
    masks = np.isin(np.arange(width), asked)[None]
    if "step" in method.takes:
        return given.shown.give(_written(method, told, given, opened, read, masks))
    unknown = _inputs.unknown(opened, read.sentences)
    text_read = _inputs.beginnings(opened, read.sentences)
    tokens = Tokens(jnp.asarray(text_read.tokens.ids), jnp.asarray(text_read.tokens.mask))
    comparison, what = _comparison(opened, site)
    if given.class_ is not None and not follows:
        answers = _answers(_follows(read, given, text_read) > 0, text_read.tokens, opened.head == "next word")
        comparison = Answered(dataclasses.replace(comparison, only=True), answers)
        unknown += f"; measured at the {int((answers >= 0).sum()):,} places of {given.class_} alone"
    known = {"forward": opened.forward, "params": opened.params, "tokens": tokens, "target": comparison, "masks": masks}
    extra = {"labels": _follows(read, given, text_read)} if follows else {}
    if greedy := "candidates" in method.takes:
        known["candidates"] = masks[0]
        extra["score"] = partial(_score, loss=opened.head == "next word", moved=bool(what))
    with bars(given.shown.json) as report:
        progress = report(f"{method.name} at {site}")
        effect = call(method, "intervene", known, told, site=site, progress=progress, **extra)
    if greedy:
        return given.shown.give(_intervened.taken(effect, site, opened.head == "next word", unknown))
    held = f"{told.get('value', 0):g}" if not follows else f"where {given.class_} is"
    several = len(asked) > 1
    title = f"What if unit{'s' * several} {given.units} of {site} {'are' if several else 'is'} {held}?"
    if opened.head == "none":
        answer = _intervened.moved(title, effect.edited, text_read, what, unknown)
    else:
        answer = _intervened.predicted(title, effect, opened, read.sentences, unknown)
    given.shown.give(answer)


def _takes(method: Method, parameter: str) -> bool:
    """Tell whether a method takes something that is no option."""
    return parameter in inspect.signature(importlib.import_module(method.module).intervene).parameters


def _follows(read: Any, given: Given, text_read: Any) -> Any:
    """Return 1 at each symbol of a word that has the label, and 0 elsewhere, `[batch time]`."""
    import numpy as np

    _, each, here, _ = _asked.labels(read, given.labels, given.class_)
    if each != "word":
        here = np.repeat(here, [len(words) for words in read.sentences])
    starts = np.cumsum([0, *map(len, read.sentences)])
    found = np.zeros(text_read.tokens.ids.shape, np.float32)
    for row, word in enumerate(text_read.word):
        there = np.flatnonzero(np.asarray(word) >= 0)
        found[row, there] = here[starts[row] + np.asarray(word)[there]]
    return found


def _answers(here: Any, tokens: Any, next_word: bool) -> Any:
    """Return what is right where a label is, and -1 elsewhere: the symbol to come, if it is of such a word.

    Raises:
        ValueError: nothing is.
    """
    import numpy as np

    found = np.where(here, 0, -1)
    if next_word:
        found = np.pad(np.where(here, tokens.ids, -1)[:, 1:], [(0, 0), (0, 1)], constant_values=-1)
    if not (found >= 0).any():
        raise ValueError("no symbol that is predicted is of a word with this label; give more text, or another label")
    return found


def _score(read: Any, *, loss: bool, moved: bool) -> Any:
    """Return what falls where units are missed, for each set: by how much predictions or vectors are worse or other."""
    if moved:
        turned, places = read.turned, read.places
        return -(turned * places).sum((-1, -2)) / places.sum((-1, -2))
    return -(read.loss if loss else read.divergence).sum(-1) / read.places.sum(-1)


def _written(method: Method, told: Told, given: Given, model: Any, read: Any, masks: Any) -> Answer:
    """Return what the model writes as it is, with the units held, and with as many others held."""
    import jax
    import numpy as np

    from jaxneuron.cli import _writing

    prompts = _writing.prompts(model, [" ".join(words) for words in read.sentences])
    others = np.random.default_rng(given.seed).permutation(np.flatnonzero(~masks[0]))[: masks.sum()]
    sets = np.stack([np.zeros_like(masks[0]), masks[0], np.isin(np.arange(masks.shape[1]), others)])
    known = {
        "key": jax.random.key(given.seed),
        "step": model.step,
        "params": model.params,
        "state": _writing.state(model, len(read.sentences), prompts, told["length"]),
        "prompt": prompts,
        "masks": sets,
    }
    found = call(method, "intervene", known, told, site=given.site)
    names = ("none", given.units, f"at random: {','.join(map(str, sorted(others.tolist())))}")
    rows = []
    for number, name in enumerate(names):
        mean = found.log_probability[number].sum(-1) / np.maximum(found.sampled[number].sum(-1), 1)
        texts = _writing.written(model, jax.tree.map(lambda leaf, number=number: leaf[number], found.tokens))
        rows += [(text, name, shown, float(mean[text])) for text, shown in enumerate(texts)]
    rows.sort(key=lambda row: row[0])
    texts = counted(len(read.sentences), "text")
    said = [f"{texts}, each as it is, with the units held, and with as many others held."]
    columns = ("text", "units held", "written", "log p a symbol")
    return Answer(
        f"What is written if unit {given.units} of {given.site} is held?", said, columns, rows, note=_writing.NOTE
    )


def _comparison(model: Any, site: str) -> tuple[Any, str]:
    """Return what is compared: predictions, or the vectors of the last site."""
    from jaxneuron.cli import _changes

    if model.head != "none":
        return _changes.Predicted(model.head == "next word"), ""
    last = _last(model, site)
    return _changes.Vectors(last), last


def _last(model: Any, site: str) -> str:
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
