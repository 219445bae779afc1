"""What one may ask of the study `redundancy`; read without JAX."""

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
        TEXTS._replace(help="A labelled text for each task; a label is of each word, or of the whole text."),
    ] = ()
    labels: Annotated[
        str | None,
        Option(
            "Layers of labels, separated by commas; each text is asked for the first that it has.",
            absent="the first layer of each text; of the embedded scenes kind and several",
        ),
    ] = None
    text_column: Annotated[str | None, TEXT_COLUMN] = None
    label_column: Annotated[str | None, LABEL_COLUMN] = None


def layers(options: Options) -> tuple[str, ...]:
    """Return the layers of labels that are asked for, none by default.

    Raises:
        ValueError: an empty name, or one that is listed twice.

    Example:
        >>> layers(Options(labels="upos, label")), layers(Options())
        (('upos', 'label'), ())
    """
    return tuple(_said.names("--labels", options.labels) or ())


def _check(options: Options) -> None:
    layers(options)
    _said.columns(options.text_column, options.label_column)


COMMAND = Command(
    "redundancy",
    "Ask how many layers and units say what others say already, and how few a task needs.",
    Options,
    presets={
        "demo": "one minute on two cores",
        "small": "a quarter of an hour with MiniLM, a treebank and a text with a label each, and 2 GB",
        "full": "hours, and all activations of a text in memory",
    },
    check=_check,
)
