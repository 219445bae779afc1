"""`jaxneuron decompose METHOD`: which units of a site work as a group."""

from typing import Annotated, Any

import typer

from jaxneuron.cli import _activations, _answer, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method


def decompose(
    method: Method,
    told: Told,
    *,
    model: _inputs.Model,
    site: _inputs.Site,
    text: _inputs.Texts = None,
    data: _inputs.Data = None,
    split: _inputs.Split = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    head: _inputs.Head = None,
    k: Annotated[int, typer.Option(min=1, help="Words shown of each group.")] = 5,
    most: _inputs.Most = 1000,
    seed: Seed = 0,
    json: _inputs.Json = False,
    out: _inputs.Out = None,
) -> None:
    """Split the activations of a site into factors: the units of each, and the words at which it is highest."""
    _inputs.check(model, text, data, split)
    columns = _inputs.columns_of(text_column, label_column)
    _answer.check(out)
    import jax
    import numpy as np

    from jaxneuron.corpora import selection

    read = _inputs.read(text, data, split, most, column=columns)
    opened = _inputs.load(model, head)
    width = _inputs.shape(opened, site).shape[-1]
    if told.get("factors", 1) > width:
        raise ValueError(f"--factors {told['factors']}: {site!r} has {width} units; give {width} at most")
    unknown = _inputs.unknown(opened, read.sentences)
    pool = "last" if _activations.one_for_text(opened, site) else None
    sentences = [[" ".join(words)] for words in read.sentences] if pool else read.sentences
    with bars(json) as report:
        progress = report(f"{site} of {read.name}")
        with _activations.of_words(opened, read.sentences, [site], progress, pool=pool) as store:
            values = np.asarray(store[site], np.float32)
        found = call(method, "decompose", {"key": jax.random.key(seed), "activations": values}, told)
    codes, basis = np.asarray(found.codes, np.float32), np.asarray(found.basis)
    top = selection.top_contexts(codes, sentences, count=k, length=1).highest
    flat = [word for words in sentences for word in words]
    rows: list[Any] = []
    for factor, weights in enumerate(basis):
        units = np.argsort(-np.abs(weights), kind="stable")[: np.count_nonzero(weights)].tolist()
        shown = [flat[item] for item in top.item[factor].tolist() if item >= 0]
        rows.append((factor, site, len(units), units, ", ".join(shown)))
    sizes = ", ".join(str(row[2]) for row in rows[:8])
    said = [
        f"{unknown}.",
        f"{len(rows)} groups of the {width} units of {site}, of {sizes}{' …' * (len(rows) > 8)} units.",
    ]
    columns_shown = ("group", "site", "size", "units", "highest at")
    _answer.give(Answer(f"Which units of {site} work as a group?", said, columns_shown, rows), out, json)
