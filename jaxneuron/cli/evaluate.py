"""`jaxneuron evaluate METHOD`: how much the units of some sites know about a label, and how surely."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import _activations, _asked, _inputs
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn
from jaxneuron.cli._question import Told, call
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

VERBS = {"layers": "layerwise", "mdl": "mdl", "minimal_set": "minimal_set", "selectivity": "selectivity"}
"""Evaluations that a model and a labelled text are enough for, with their function."""


class Given(NamedTuple):
    """Sites of a model, and a text with labels."""

    model: _inputs.Model
    data: Annotated[Path, typer.Option(help="A labelled text; its last fifth tests the probes, but of mdl.")]
    labels: Annotated[str | None, typer.Option(help="The layer of labels, such as upos; by default the first.")] = None
    class_: Annotated[str | None, typer.Option("--class", help="One label of it against all others.")] = None
    sites: Annotated[str | None, typer.Option("--site", help="Sites, with commas; by default each layer's.")] = None
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: _inputs.Head = None
    most: _inputs.Most = 2000
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def evaluate(method: Method, told: Told, given: Given) -> None:
    """Fit probes, and say how well they tell the label."""
    asked = names("--site", given.sites)
    corpus = _asked.Text(None, given.data, given.split, given.text_column, given.label_column, given.most)
    corpus.check(given.model)
    given.shown.check()
    import jax
    import numpy as np

    read = corpus.read()
    layer, each, classes, _ = _asked.labels(read, given.labels, given.class_)
    texts = len(read.sentences)
    learn = sum(map(len, read.sentences[: texts * 4 // 5])) if each == "word" else texts * 4 // 5
    if not 0 < learn < len(classes):
        raise ValueError(f"{read.name} has {texts} texts; give at least 5, of which the last fifth tests the probes")
    opened = _inputs.load(given.model, given.head)
    unknown = _inputs.unknown(opened, read.sentences)
    words = (
        [word for one in read.sentences for word in one] if each == "word" else [" ".join(w) for w in read.sentences]
    )
    with bars(given.shown.json) as report:
        progress, pool = report(f"activations of {read.name}"), None if each == "word" else "mean"
        with _activations.of_words(opened, read.sentences, asked, progress, pool=pool) as held:
            where = _activations.chosen(held, asked)
            widths = {site: held[site].shape[1] for site in where}
            table = np.concatenate([np.asarray(held[site], np.float32) for site in where], axis=1)
        train, test = (table[:learn], classes[:learn]), (table[learn:], classes[learn:])
        known: dict[str, Any] = {"key": jax.random.key(given.seed), "train": train, "test": test, "dev": test}
        known |= {"activations": table, "labels": classes, "words": (words[:learn], words[learn:]), "layers": widths}
        if "ranking" in method.takes:
            from jaxneuron.rank import probeless
            from jaxneuron.ranking import overall

            known["ranking"] = overall(probeless.rank(None, *train))
        found = call(method, VERBS[method.name], known, told, progress=report(method.name))
    columns, rows, said = _TOLD[method.name](found)
    floor = max(np.unique(classes, return_counts=True)[1]) / len(classes)
    said = [f"{unknown}.", *said, f"The most frequent label holds for {floor:.1%} of {len(classes):,} {each}s."]
    title = f"How well does {given.model} know {given.class_ or layer}?"
    given.shown.give(Answer(title, said, columns, rows))


Table = tuple[tuple[str, ...], list[Any], list[str]]
"""Columns, rows, and what they say in words."""


def _layers(found: Any) -> Table:
    alone, first = found.alone.accuracy, found.first.accuracy
    rows = [(site, float(alone[number]), float(first[number])) for number, site in enumerate(found.sites)]
    best = max(rows, key=lambda row: row[1])
    return ("site", "accuracy", "with all below"), rows, [f"{best[0]} knows most: a probe is right for {best[1]:.1%}."]


def _mdl(found: Any) -> Table:
    rows = [(int(tokens), float(bits)) for tokens, bits in zip(found.tokens, found.portions, strict=False)]
    said = f"The labels take {found.bits:,.0f} bits, {found.compression:.2f} times fewer than without the units."
    return ("labels", "bits"), rows, [said]


def _minimal_set(found: Any) -> Table:
    rows = [
        (float(share), int(size), float(accuracy))
        for share, size, accuracy in zip(found.shares, found.size, found.accuracy, strict=True)
    ]
    said = f"All units are right for {found.oracle:.1%}; {rows[0][1]} units reach {rows[0][0]:.0%} of that."
    said += " They are ranked by probeless, and their number is chosen on the words on which it is measured."
    return ("share of all", "units", "accuracy"), rows, [said]


def _selectivity(found: Any) -> Table:
    rows: list[Any] = [("task", float(found.task.accuracy))]
    rows += [(f"control {number}", float(one)) for number, one in enumerate(found.control.accuracy)]
    said = (
        f"A probe is right for {rows[0][1]:.1%}, and {found.selectivity:+.1%} more than for labels that mean nothing "
        f"(standard deviation {found.deviation:.1%})."
    )
    return ("labels", "accuracy"), rows, [said]


_TOLD = {"layers": _layers, "mdl": _mdl, "minimal_set": _minimal_set, "selectivity": _selectivity}
