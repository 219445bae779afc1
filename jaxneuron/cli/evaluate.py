"""`jaxneuron evaluate METHOD`: how much the units of some sites know about a label, and how surely."""

import importlib
import inspect
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import (
    _activations,
    _asked,
    _inputs,
    _labelled,
    _parts,
    _question,
    _signature,
    _told,
    _told_probes,
    _told_units,
)
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, share, unknown
from jaxneuron.cli._question import Told
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

VERBS = {
    "ablation": "in_representation",
    "average_precision": "mean_average_precision",
    "effects": "summary",
    "importance": "in_probe",
    "layers": "layerwise",
    "probes": "retrained",
}
"""The function of each evaluation that is not called as its module is."""

REFUSED = {
    "monitor": "it follows units found before through a stream of new tokens, one block after another, so it is a loop "
    "of your own (jaxneuron.evaluate.monitor)",
    "naming": "it asks whether n-grams name the objects of visual units, so it takes captions of images with named "
    "objects; `jaxneuron study poerner2018` asks it",
    "reconstruction": "it asks what a dictionary keeps of a model, which `jaxneuron decompose sparse_autoencoder` says "
    "of the one that it learns (jaxneuron.evaluate.reconstruction)",
    "standing": "it says where what a search found stands in a corpus, which `jaxneuron find` says beside each of its "
    "answers (jaxneuron.evaluate.standing)",
    "statistics": "it tests numbers of several methods or runs against each other, and a model and text are one run "
    "(jaxneuron.evaluate.statistics)",
    "written": "it counts in text that a model wrote; let `jaxneuron generate` write it (jaxneuron.evaluate.written)",
}
"""Evaluations that are not of a model and a labelled text, and what would do."""

TOLD = {**_told_probes.TOLD, **_told_units.TOLD}
"""How each evaluation is told; any other one is told plainly."""

ORDERED = {"ranking", "order", "masks", "sums"}
"""Parameters that are made of one order of the units."""

UNLABELLED = {"key", "activations", "layers", "tokens", "vocabulary_size"}
"""Parameters that are made without labels: where an evaluation takes no others, none are spoken of."""

AGREE = ("probeless", "mean_select", "correlation", "linear")
"""Methods that are compared where none is named: they take seconds."""


class Given(NamedTuple):
    """Sites of a model, and a text with labels."""

    model: _inputs.Model
    data: Annotated[Path, typer.Option(help="A labelled text; probes are measured on its last fifth.")]
    labels: Annotated[str | None, typer.Option(help="The layer of labels, such as upos; by default the first.")] = None
    class_: Annotated[str | None, typer.Option("--class", help="One label of it against all others.")] = None
    sites: Annotated[str | None, typer.Option("--site", help="Sites, with commas; by default each layer's.")] = None
    rank: Annotated[
        str | None,
        typer.Option(help="Of what takes an order of the units: the method of jaxneuron.rank, by default probeless; of "
        "agreement several, with commas."),
    ] = None  # fmt: skip
    active: Annotated[
        float, typer.Option(callback=share, help="Of npmi: a unit is active at its highest words, this share of all.")
    ] = 0.1
    clusters: Annotated[
        int | None,
        typer.Option(min=2, help="Of clusters: how many groups of words, or of units, there are; by default as many as "
        "labels, or a tenth of the units."),
    ] = None  # fmt: skip
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    k: Annotated[int, typer.Option(min=1, help="Of lists of units: how many of each label.")] = 5
    most: _inputs.Most = 2000
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


def evaluate(method: Method, told: Told, given: Given) -> None:
    """Say how well a label is known, beside what is needed to believe it."""
    _question.check(method, _labelled.MADE)
    asked, methods = names("--site", given.sites), _methods(method, given.rank)
    if given.clusters is not None and not {"groups", "clusters", "memberships"} & set(method.takes):
        raise ValueError(f"--clusters {given.clusters} is for evaluations of clusters; {method.name} takes none")
    corpus = _asked.Text(None, given.data, given.split, given.text_column, given.label_column, given.most)
    corpus.check(given.model)
    if ".txt" in given.data.suffixes:
        raise ValueError(_asked.bare(given.data.name))
    if "sums" in method.takes and (asked is None or len(asked) != 1):
        raise ValueError(f"{method.name} takes units away inside the model, at one site; give it as --site")
    given.shown.check()

    read = corpus.read(seed=given.seed)
    layer, each, classes, label_names = _asked.labels(read, given.labels, given.class_)
    takes = set(method.takes)
    parts = _parts.Parts([], [], [], classes, label_names, [])
    if takes & _labelled.SPLIT:
        parts = _parts.split(read.sentences, each, classes, label_names, dev="dev" in takes)
    opened = _inputs.load(given.model, given.head, given.dictionary)
    unknown_words = _inputs.unknown(opened, read.sentences)
    with bars(given.shown.json) as report, ExitStack() as stack:
        progress, pool = report(f"activations of {read.name}"), None if each == "word" else "mean"
        held = stack.enter_context(_activations.of_words(opened, read.sentences, asked, progress, pool=pool))
        table = held.joined(*_activations.chosen(held, asked))
        labelled = _labelled.Labelled(
            opened,
            read.sentences,
            each,
            classes,
            label_names,
            parts,
            table,
            method.takes,
            methods,
            given.active,
            given.clusters,
            given.seed,
            stack,
        )
        progress = report(method.name)
        known = {name: getattr(labelled, name) for name in method.takes}
        found = _question.call(method, VERBS.get(method.name, method.name), known, told, progress=progress,
                               **_counts(method, told, table.shape[1]))  # fmt: skip
        found = _more(method, found, labelled)
    about = _told.About(table.sites, parts.names, label_names, methods, given.k, opened.vocabulary.words)
    columns, rows, said, note, heat = TOLD.get(method.name, _told.plain)(found, about)
    said = [
        *said,
        *parts.said,
        *([_frequent(classes, each)] if takes - UNLABELLED - {"sums"} else []),
        f"{unknown_words}.",
    ]
    of = _asked.of(layer, given.class_, read.name) if takes - UNLABELLED else read.name
    title = f"{_signature.question(method)} {of} in {_inputs.short(given.model)}"
    given.shown.give(Answer(title, said, columns, rows, note=note, heat=heat))


def _methods(method: Method, given: str | None) -> tuple[str, ...]:
    """Return the methods that order the units, checked.

    Raises:
        ValueError: no such methods, too few or too many, or an evaluation that takes no order.
    """
    several, one = "rankings" in method.takes, bool(ORDERED & set(method.takes))
    if given is None:
        return AGREE if several else ("probeless",)
    if not several and not one:
        raise ValueError(f"--rank {given} is for evaluations of an order of the units; {method.name} takes none")
    found, known = names("--rank", given) or [], _signature.names("jaxneuron.rank")
    for name in found:
        if name not in known:
            raise ValueError(f"--rank: {unknown(name, known)}")
    if several and len(found) < 2:
        raise ValueError(f"--rank {given}: {method.name} compares methods; give two or more, with commas")
    if one and len(found) > 1:
        raise ValueError(f"--rank {given}: {method.name} takes one order of the units; give one method")
    return tuple(found)


def _counts(method: Method, told: Told, units: int) -> dict[str, Any]:
    """Return the numbers of units that a method tries by default, as far as there are so many."""
    if "counts" in told or all(option.name != "counts" for option in method.options):
        return {}
    verb = getattr(importlib.import_module(method.module), VERBS.get(method.name, method.name))
    return {"counts": [count for count in inspect.signature(verb).parameters["counts"].default if count <= units]}


def _more(method: Method, found: Any, labelled: Any) -> Any:
    """Return what an evaluation found with what stands beside it: on other rows, or without the model."""
    import numpy as np

    if method.name == "minimal_set":
        from jaxneuron.evaluate.probes import curve

        sizes = [*found.size.tolist(), len(labelled.order)]
        return found, curve(labelled.key, labelled.order, labelled.train, labelled.test, counts=sizes).accuracy
    if method.name == "feature_selection":
        from jaxneuron.evaluate.probes import curve

        rest = np.setdiff1d(np.arange(labelled.train[0].shape[1]), found.order)
        whole, sizes = np.concatenate([found.order, rest]), [*found.minimal.size.tolist(), len(found.order) + len(rest)]
        return found, curve(labelled.key, whole, labelled.train, labelled.test, counts=sizes).accuracy
    if method.name == "baselines":
        from jaxneuron.evaluate.baselines import lexicon

        (words, other), labels = labelled.words, [part[1].astype(int) for part in (labelled.train, labelled.test)]
        return found, lexicon(words, labels[0], other, labels[1])
    return found


def _frequent(classes: Any, each: str) -> str:
    """Return what is right without knowing anything."""
    import numpy as np

    most = max(np.unique(classes, return_counts=True)[1]) / len(classes)
    return f"The most frequent label holds for {most:.1%} of {len(classes):,} {each}s."
