"""`jaxneuron compare METHOD`: which units of a model recur in others."""

from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _added, _asked, _compared, _inputs, _model
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._compared import Layers
from jaxneuron.cli._options import Seed
from jaxneuron.cli._question import Told
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

RECURS = 0.5
"""Excess over the rotated model from which on Gurnee et al. 2024 call a unit universal."""


class Given(NamedTuple):
    """A model, others, and the text that all of them read."""

    model: _inputs.Model
    other: Annotated[list[str], typer.Option(help="Another model, named as --model; may be given several times.")]
    sites: Annotated[
        str | None,
        typer.Option("--site", help="Sites, with commas; by default each layer's, or the features of --dictionary."),
    ] = None
    other_sites: Annotated[
        str | None, typer.Option("--other-site", help="The same of the others; by default each layer's.")
    ] = None
    text: _asked.Text = _asked.Text(most=2000)
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    other_dictionary: Annotated[
        list[str] | None,
        typer.Option(
            "--other-dictionary",
            "--other-erased",
            help="The same of the other model.",
            callback=lambda given: _added.checked(given, "other-"),
        ),
    ] = None
    k: Annotated[int, typer.Option(min=1, help="Units that are shown with their words.")] = 20
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def compare(method: Method, told: Told, given: Given) -> None:
    """Say which units of a model recur in other models that read the same text, word by word."""
    asked = [names("--site", given.sites), names("--other-site", given.other_sites)]
    given.text.check(given.model)
    for other in given.other:
        _model.check(other, option="--other")
    given.shown.check()
    if given.other_dictionary and len(given.other) > 1:
        raise ValueError(
            f"--other-dictionary is of one model, and --other names {len(given.other)}; compare with one at a time"
        )
    import jax

    from jaxneuron import comoments

    module, cka = import_module(method.module), import_module("jaxneuron.compare.cka")
    read = given.text.read()
    with bars(given.shown.json) as report, ExitStack() as stack:
        models: list[Layers] = []
        others = [(other, asked[1], given.other_dictionary) for other in given.other]
        for name, wanted, dictionary in ((given.model, asked[0], given.dictionary), *others):
            opened = _inputs.load(name, given.head, dictionary)
            wanted = wanted or _inputs.features(opened) or None
            _inputs.unknown(opened, read.sentences)
            progress = report(f"{_inputs.short(name)} reads {read.name}")
            held = stack.enter_context(_activations.of_words(opened, read.sentences, wanted, progress))
            models.append(Layers(_inputs.short(name), held.joined(*_activations.chosen(held, wanted))))
        own, others = models[0], models[1:]
        sums = []
        for other in others:
            whole = (sum(other.widths),) if module.SUMS == "model" else other.widths
            progress = report(f"compare with {other.model}")
            sums.append(comoments.over(own.table, other.table, layers=(own.widths, whole), progress=progress))
        found = module.finish(*sums, **told)
        layers = [comoments.layered(one, ((), other.widths)) for one, other in zip(sums, others, strict=True)]
        like, measure = (found, method.name) if module.SUMS == "layers" else (cka.finish(*layers), "cka")
        baseline = None
        if module.SUMS == "units":
            keys = jax.random.split(jax.random.key(given.seed), len(layers))
            turned = [comoments.rotated(key, one) for key, one in zip(keys, layers, strict=True)]
            baseline = module.finish(*turned, **told).score
        if module.SUMS == "layers":
            columns, rows, shown = (
                ("site", "other", "other site", "score"),
                _compared.layer_rows(own, others, like.table),
                0,
            )
            shown, said, spread = len(own.sites) * len(others), [], []
        else:
            columns = ("site", "unit", "other", "other site", "other unit", "score", "rotated", "excess", "words",
                       "words there")  # fmt: skip
            rows = _compared.unit_rows(own, others, found, baseline, read.sentences, given.k)
            shown, said = given.k, _said(own, others, method.name, found.score, baseline)
            spread = _compared.spread(method.name, found.score, baseline)
    said += _alike(own, others, like.table, measure)
    said.append(f"{read.name}: {own.table.shape[0]:,} words, each a vector of each model at each site.")
    heat = list(_compared.heat(own, others, like.table, measure))
    note = (
        "rotated: the score of the same unit where the other model's layers are in a random basis; excess: the score "
        "less that. A partner that falls where the unit rises is shown with the words at which it is lowest."
    )
    there, note = ", ".join(other.model for other in others), note if baseline is not None else ""
    title = f"Which units of {own.model} recur in {there}?"
    if module.SUMS == "layers":
        title = f"Which layers of {own.model} are like those of {there}?"
        note = "In the table, first the layer that is most like each one, then the others."
    given.shown.give(Answer(title, said, columns, rows, (), spread, heat, note, shown))


def _said(own: Layers, others: Sequence[Layers], method: str, score: Any, baseline: Any) -> list[str]:
    import numpy as np

    name = method.replace("_", " ")
    there = " and ".join(other.model for other in others)
    said = [
        f"Of {len(score):,} units of {own.model}, half have a {name} of {np.median(score):.3g} or more with {there}."
    ]
    if baseline is not None:
        many = int(np.sum(score - baseline > RECURS))
        said.append(
            f"With {there} rotated, half have {np.median(baseline):.3g} or more; {many:,} units "
            f"({many / len(score):.1%}) have {RECURS} more than that: Gurnee et al. 2024 call those universal, and "
            "find 1 to 5% in GPT-2."
        )
        share = np.mean(score > baseline)
        said.append(f"{share:.0%} of the units have a better partner among units than among rotated directions.")
    return said


def _alike(own: Layers, others: Sequence[Layers], table: Any, measure: str) -> list[str]:
    """Return which layers are most alike."""
    said, start = [], 0
    for other in others:
        part = table[:, start : start + len(other.sites)]
        row, column = divmod(int(part.argmax()), part.shape[1])
        said.append(
            f"{own.sites[row]} and {other.sites[column]} of {other.model} are most alike: {measure} {part.max():.3g}."
        )
        start += len(other.sites)
    return said
