"""`jaxneuron decompose METHOD`: which units of a site work as a group."""

from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron.cli import _activations, _asked, _inputs, _learnt
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method


class Given(NamedTuple):
    """A site of a model, and the text that it reads."""

    model: _inputs.Model
    site: _inputs.Site
    text: _asked.Text = _asked.Text()
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    output: Annotated[str | None, typer.Option(help="Of transcoder: the site that is written.")] = None
    k: Annotated[int, typer.Option(min=1, help="Words shown of each group.")] = 5
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def decompose(method: Method, told: Told, given: Given) -> None:
    """Split the activations of a site into factors: the units of each, and the words at which it is highest."""
    site = given.site
    given.text.check(given.model)
    given.shown.check()
    if method.name in _learnt.METHODS:
        return _learnt.learn(method, told, given)
    import jax
    import numpy as np

    from jaxneuron.corpora import selection

    read = given.text.read()
    opened = _inputs.load(given.model, given.head, given.dictionary)
    width = _inputs.shape(opened, site).shape[-1]
    if told.get("factors", 1) > width:
        raise ValueError(f"--factors {told['factors']}: {site!r} has {width} units; give {width} at most")
    unknown = _inputs.unknown(opened, read.sentences)
    pool = "last" if _activations.one_for_text(opened, site) else None
    sentences = [[" ".join(words)] for words in read.sentences] if pool else read.sentences
    with bars(given.shown.json) as report:
        progress = report(f"{site} of {read.name}")
        with _activations.of_words(opened, read.sentences, [site], progress, pool=pool) as store:
            values = np.asarray(store[site], np.float32)
        found = call(method, "decompose", {"key": jax.random.key(given.seed), "activations": values}, told)
    codes, basis = np.asarray(found.codes, np.float32), np.asarray(found.basis)
    top = selection.top_contexts(codes, sentences, count=given.k, length=1).highest
    flat = [word for words in sentences for word in words]
    rows: list[Any] = []
    for factor, weights in enumerate(basis):
        units = np.argsort(-np.abs(weights), kind="stable")[: np.count_nonzero(weights)].tolist()
        shown = [flat[item] for item in top.item[factor].tolist() if item >= 0]
        rows.append((factor, site, len(units), units, " | ".join(shown)))
    sizes = ", ".join(str(row[2]) for row in rows[:8])
    said = [
        f"{len(rows)} groups of the {width} units of {site}, of {sizes}{' …' * (len(rows) > 8)} units.",
        f"{unknown}.",
    ]
    columns_shown = ("group", "site", "size", "units", "highest at")
    given.shown.give(Answer(f"Which units of {site} work as a group?", said, columns_shown, rows))
