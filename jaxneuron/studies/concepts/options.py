"""What one may ask of the study `concepts`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron import _said
from jaxneuron.studies._study import (
    LABEL_COLUMN,
    LANGUAGE_MODEL,
    TEXT_COLUMN,
    TEXTS,
    Command,
    Option,
)


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[str | None, LANGUAGE_MODEL] = None
    data: Annotated[
        tuple[Path, ...],
        TEXTS._replace(help="A labelled text, such as a folder with a treebank; more of them are other languages."),
    ] = ()
    text_column: Annotated[str | None, TEXT_COLUMN] = None
    label_column: Annotated[str | None, LABEL_COLUMN] = None
    labels: Annotated[
        str | None,
        Option(
            "Layers of labels, separated by commas; the first is studied in full. Default: upos.",
            absent="upos; of the embedded scenes kind, plural, after_article",
        ),
    ] = None


def layers(options: Options) -> tuple[str, ...]:
    """Return the layers of labels that are asked for, the first of which is studied in full.

    Raises:
        ValueError: an empty name, or one that is listed twice.

    Example:
        >>> layers(Options(labels="upos, Number")), layers(Options())
        (('upos', 'Number'), ('kind', 'plural', 'after_article'))
    """
    absent = ("upos",) if options.data else ("kind", "plural", "after_article")
    return tuple(_said.names("--labels", options.labels) or absent)


def _check(options: Options) -> None:
    layers(options)
    _said.columns(options.text_column, options.label_column)


COMMAND = Command(
    "concepts",
    "Ask which neurons carry a concept, by many rankings and probes, and whether the model uses them.",
    Options,
    presets={
        "demo": "one minute on two cores, with MiniLM and a treebank five",
        "small": "half an hour",
        "full": "hours, and 2.5 GB; all words of a treebank are read",
    },
    check=_check,
)
