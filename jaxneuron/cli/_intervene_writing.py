"""What a model writes while units are held: as it is, with each set of units, and with as many others."""

from typing import Any, NamedTuple

from jaxneuron.cli import _asked, _inputs, _writing
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._chosen import Chosen, Sets
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import counted
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """Units of a model, and the texts after which it writes."""

    model: _inputs.Model
    chosen: Chosen
    text: _asked.Text = _asked.Text(most=200)
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def intervene(method: Method, told: Told, given: Given) -> None:
    """Hold sets of units while the model writes, beside the model as it is and as many other units."""
    given.chosen.check()
    given.text.check(given.model)
    _writing.length(told)
    given.shown.check()
    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    given.shown.give(_written(method, told, given, opened, read, given.chosen.sets(opened)))


def _written(method: Method, told: Told, given: Given, model: Any, read: Any, chosen: Sets) -> Answer:
    """Return what the model writes as it is, with the units held, and with as many others held."""
    import jax
    import numpy as np

    prompts = _writing.prompts(model, [" ".join(words) for words in read.sentences])
    draw = np.random.default_rng(given.seed)
    sets, names = [np.zeros_like(chosen.masks[0])], ["none"]
    for units, name in zip(chosen.masks, chosen.names, strict=True):
        others = draw.permutation(np.flatnonzero(~units))[: units.sum()]
        sets += [units, np.isin(np.arange(len(units)), others)]
        names += [name, f"at random: {','.join(map(str, sorted(others.tolist())))}"]
    known = {
        "key": jax.random.key(given.seed),
        "step": model.step,
        "params": model.params,
        "state": _writing.state(model, len(read.sentences), prompts, _writing.length(told)),
        "prompt": prompts,
        "masks": np.stack(sets),
    }
    found = call(method, "intervene", known, told, site=given.chosen.site)
    rows = []
    for number, name in enumerate(names):
        mean = found.log_probability[number].sum(-1) / np.maximum(found.sampled[number].sum(-1), 1)
        texts = _writing.written(model, jax.tree.map(lambda leaf, number=number: leaf[number], found.tokens))
        rows += [(text, name, shown, float(mean[text])) for text, shown in enumerate(texts)]
    rows.sort(key=lambda row: row[0])
    texts = counted(len(read.sentences), "text")
    said = [f"{texts}, each as it is, with the units held, and with as many others held."]
    columns = ("text", "units held", "written", "log p a symbol")
    title = chosen.title if len(chosen.names) == 1 else f"each of {len(chosen.names)} sets of units"
    return Answer(
        f"What is written if {title} of {given.chosen.site} is held?", said, columns, rows, note=_writing.NOTE
    )
