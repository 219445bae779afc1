"""`jaxneuron concepts METHOD`: whether a model uses what a label or a list of words stands for."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jaxneuron._said import names
from jaxneuron.cli import (
    _activations,
    _asked,
    _conceptual,
    _inputs,
    _named,
    _question,
    _signature,
    _told,
    _told_concepts,
)
from jaxneuron.cli._answer import Answer
from jaxneuron.cli._options import LabelColumn, Seed, TextColumn, unknown
from jaxneuron.cli._question import Told
from jaxneuron.cli._shared import bars
from jaxneuron.cli._signature import Method

RANK, METHOD, ERASER = "probeless", "integrated_gradients", "leace"
"""What orders units, says what they did, and takes concepts out, where nothing is said."""

_FOLDERS = {"rank": "rank", "method": "attribute", "eraser": "erase"}


class Given(NamedTuple):
    """Concepts, the text in which they are looked for, and the target that they may speak for."""

    model: _inputs.Model
    data: Annotated[Path, typer.Option(help="The text in which the concepts occur.")]
    site: Annotated[str, typer.Option(help="Sites, with commas, at which a concept is looked for.")]
    concept: Annotated[
        list[str] | None,
        typer.Option(help="A label of the data, such as NOUN, or a file of words, one a line; repeatable."),
    ] = None
    labels: Annotated[
        str | None,
        typer.Option(help="The layer of labels, such as upos; by default the first. Of concept_shap: a probe of it is "
        "explained, by default the model's own head, if it has one."),
    ] = None  # fmt: skip
    rank: Annotated[str, typer.Option(help="Of table: the method of jaxneuron.rank that orders units.")] = RANK
    method: Annotated[
        str, typer.Option(help="Of table: the method of jaxneuron.attribute that says what units did.")
    ] = METHOD
    eraser: Annotated[str, typer.Option(help="Of amnesic: the method of jaxneuron.erase that takes concepts out.")] = (
        ERASER
    )
    text: _inputs.Texts = None
    target: _inputs.Target = None
    position: _inputs.Position = -1
    split: _inputs.Split = None
    text_column: TextColumn = None
    label_column: LabelColumn = None
    head: _inputs.Head = None
    dictionary: _inputs.Dictionary = None
    most: _inputs.Most = 1000
    explained: Annotated[int, typer.Option(min=2, help="Without --text: texts of the data that are explained.")] = 20
    seed: Seed = 0
    shown: _asked.Shown = _asked.Shown()


class Asked(NamedTuple):
    """Of what something was found."""

    named: _named.Named
    texts: list[list[str]]  # that were explained
    site: str
    own: bool = False  # the model's own head was explained
    spans: Any = None
    pieces: list[list[str]] = []  # of the text


def concepts(method: Method, told: Told, given: Given) -> None:
    """Ask whether a model uses concepts, and for what."""
    _question.check(method, _conceptual.MADE)
    sites = names("--site", given.site) or []
    corpus = _asked.Text(None, given.data, given.split, given.text_column, given.label_column, given.most)
    corpus.check(given.model)
    _fits(method, given, sites)
    given.shown.check()

    read = corpus.read(seed=given.seed)
    named = _named.find(read, given.concept or [], given.labels, given.seed)
    opened = _inputs.load(given.model, given.head, given.dictionary)
    if "erasers" in method.takes:
        _loses(opened, named, given.model)
    unknown_words = _inputs.unknown(opened, read.sentences)
    texts = [one.split() for one in given.text] if given.text else read.sentences[: given.explained]
    with bars(given.shown.json) as report:
        pool = None if named.each == "word" else "mean"
        progress = report(f"activations of {read.name}")
        with _activations.of_words(opened, read.sentences, sites, progress, pool=pool) as store:
            made = _conceptual.Conceptual(opened, read, named, texts, store, sites, given, report)
            known = {name: getattr(made, name) for name in method.takes}
            extra = {"test": made.test} if "head" in method.takes else {}
            if "erasers" in method.takes:
                extra = {"site": sites[0], "truth": made.truth}
            result = _question.call(method, "explain", known, told, progress=report(method.name), **extra)
            asked = Asked(named, texts, sites[0])
            if "head" in method.takes:
                asked = asked._replace(own=made.own)
            if "spans" in method.takes:
                asked = asked._replace(spans=made.spans, pieces=made.text.pieces)
    teller = _told_concepts.TOLD.get(method.name)
    columns, rows, said, note, heat = teller(result, asked) if teller else _told.plain(result)
    title = f"{_signature.question(method)} {_inputs.short(given.model)}"
    given.shown.give(Answer(title, [*said, f"{unknown_words}."], columns, rows, note=note, heat=heat))


def _loses(model: Any, named: _named.Named, path: str) -> None:
    """Check that what a model loses without a concept can be measured.

    Raises:
        ValueError: it has no head, or the concepts are of texts.
    """
    if model.head == "none":
        raise ValueError(
            f"{_inputs.short(path)} has no head, so nothing that it could lose is known; give a model with its head"
        )
    if named.each != "word":
        raise ValueError(
            f"labels of {named.layer} are of texts, and amnesic erases what words have; give labels of words"
        )


def _fits(method: Method, given: Given, sites: list[str]) -> None:
    """Check that a method has a use for what is given.

    Raises:
        ValueError, FileNotFoundError: it has not, or lacks something.
    """
    takes = set(method.takes)
    if takes & {"concepts", "directions", "units", "erasers"} and not given.concept:
        raise ValueError(f"{method.name} asks about concepts; name some as --concept NOUN or --concept words.txt")
    if "spans" in takes and given.concept:
        raise ValueError(f"{method.name} finds concepts that nobody has named; leave --concept out, or ask tcav")
    for concept in given.concept or ():
        _named.check(concept)
    if "gradients" not in takes and len(sites) > 1:
        raise ValueError(f"--site {given.site}: {method.name} is of one site; give one")
    for option, value, default, wanted in (
        ("rank", given.rank, RANK, "units"),
        ("method", given.method, METHOD, "attribution"),
        ("eraser", given.eraser, ERASER, "erasers"),
    ):
        known = _signature.names(f"jaxneuron.{_FOLDERS[option]}")
        if value != default and wanted not in takes:
            user = "amnesic" if option == "eraser" else "table"
            raise ValueError(f"--{option} {value} is for concepts {user}; {method.name} has no use for it")
        if value not in known:
            raise ValueError(f"--{option}: {unknown(value, known)}")
    if "attribution" in takes and "through" in _signature.read("jaxneuron.attribute", given.method, "attribute").takes:
        raise ValueError(f"--method {given.method} follows a path through another site; give another method")
