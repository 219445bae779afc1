"""`jaxneuron rank METHOD`: which units carry a label."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, existing
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars, notice
from jaxneuron.cli._signature import Method

ALL = 2**31
"""Texts of a store: all that there are."""

NAMED = 8
"""Labels of which a sentence names the first unit."""


class Given(NamedTuple):
    """A model, a labelled text, and where units are ranked."""

    model: _inputs.Model
    data: Annotated[Path, typer.Option(help="A labelled text: .conllu, .conll, .jsonl, .tsv, or a folder of splits.")]
    labels: Annotated[str | None, typer.Option(help="The layer of labels, such as upos; by default the first.")] = None
    class_: Annotated[str | None, typer.Option("--class", help="One label of it against all others, such as NOUN.")] = (
        None
    )
    sites: Annotated[str | None, typer.Option("--site", help="Sites, with commas; by default each layer's.")] = None
    store: Annotated[Path | None, typer.Option(help="Activations of this text that `jaxneuron extract` wrote.")] = None
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Units shown of each label.")] = 10
    most: _inputs.Most = 2000
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def rank(method: Method, told: Told, given: Given) -> None:
    """Rank the units of some sites for a label."""
    asked = names("--site", given.sites)
    corpus = _asked.Text(
        None, given.data, given.split, given.text_column, given.label_column, given.most if given.store is None else ALL
    )
    corpus.check(given.model)
    if ".txt" in given.data.suffixes:
        raise ValueError(_asked.bare(given.data.name))
    if given.store is not None:
        existing("--store", given.store, "a store that `jaxneuron extract` wrote")
    given.shown.check()
    import jax
    import numpy as np

    from jaxneuron import store as stores

    read = corpus.read(seed=None if given.store is not None else given.seed)
    layer, each, classes, label_names = _asked.labels(read, given.labels, given.class_)
    opened = _inputs.load(given.model, given.head, given.dictionary)
    _inputs.unknown(opened, read.sentences)
    with bars(given.shown.json) as report:
        progress = report(f"activations of {read.name}")
        pool = None if each == "word" else "mean"
        opening = (
            nullcontext(stores.open(given.store))
            if given.store is not None
            else _activations.of_words(opened, read.sentences, asked, progress, pool=pool)
        )
        with opening as held:
            where = _activations.chosen(held, asked)
            table = held.joined(*where)
            if len(table) != len(classes):
                raise ValueError(
                    f"--store {given.store} has {len(table):,} rows, and {read.name} {len(classes):,} labels "
                    f"({each}s); extract this text, or leave --store out"
                )
            known = {"key": jax.random.key(given.seed), "activations": table, "labels": classes}
            found = call(method, "rank", known, told, progress=report(f"{method.name}"))
            ranking = found if hasattr(found, "score") else found[0]
            score, order = np.atleast_2d(np.asarray(ranking.score)), np.atleast_2d(np.asarray(ranking.order))
            each_label = label_names if len(score) == len(label_names) else [f"all of {layer}"] * len(score)
            if given.class_ is not None:
                score, order, each_label = score[-1:], order[-1:], [given.class_]
            shown = np.unique(order[:, : given.k])
            values = np.asarray(table[:, shown], np.float32)
    rows: list[Any] = []
    for label, scored, best in zip(each_label, score, order, strict=True):
        higher = _difference(values, classes, label, label_names)
        for place, unit in enumerate(best[: given.k].tolist()):
            site = next(site for site, own in table.sites.items() if own.start <= unit < own.stop)
            number = unit - table.sites[site].start
            difference = float(higher[np.searchsorted(shown, unit)])
            rows.append((label, place + 1, site, number, float(scored[unit]), difference))
    said = _said(rows, table.shape[1], f"{layer} of {read.name}", method.name)
    columns = ("label", "rank", "site", "unit", "score", "higher by")
    note = (
        f"score: what {method.name} ranks by, the higher the better; higher by: the unit's mean where the label holds, "
        "less that elsewhere, in standard deviations."
    )
    if not given.shown.json:
        notice(note)
    title = f"Which units of {_inputs.short(given.model)} carry {_asked.of(layer, given.class_, read.name)}?"
    given.shown.give(Answer(title, said, columns, rows, note=note))


def _difference(table: Any, classes: Any, name: str, label_names: list[str]) -> Any:
    """Return by how much each unit is higher where a label holds, in standard deviations."""
    import numpy as np

    if name not in label_names:
        return np.full(table.shape[1], np.nan)
    here = classes if classes.dtype == bool else classes == label_names.index(name)
    if here.all() or not here.any():
        return np.full(table.shape[1], np.nan)
    spread = table.std(axis=0)
    return (table[here].mean(axis=0) - table[~here].mean(axis=0)) / np.where(spread > 0, spread, 1)


def _said(rows: list[Any], units: int, layer: str, name: str) -> list[str]:
    best: dict[str, str] = {}
    for label, _, site, number, *_ in rows:
        best.setdefault(label, f"unit {number} of {site}")
    listed = "; ".join(f"{label}: {where}" for label, where in list(best.items())[:NAMED])
    more = f"; {len(best) - NAMED} more labels are in the table" if len(best) > NAMED else ""
    return [f"Of {units:,} units, {name} puts first for {layer}: {listed}{more}."]
