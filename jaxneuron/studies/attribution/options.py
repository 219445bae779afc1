"""What one may ask of the study `attribution`; read without JAX."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron import _said
from jaxneuron.studies._study import (
    ENCODER,
    LABEL_COLUMN,
    TEXT_COLUMN,
    TEXTS,
    Command,
    Existing,
    Option,
)


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[
        str | None,
        ENCODER._replace(
            help="The encoder: a Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; else trained."
        ),
    ] = None
    data: Annotated[
        tuple[Path, ...],
        TEXTS._replace(help="A text with a label per sentence, one with spans (B-, I-, O) per word, or both."),
    ] = ()
    text_column: Annotated[str | None, TEXT_COLUMN] = None
    label_column: Annotated[str | None, LABEL_COLUMN] = None
    concept: Annotated[
        tuple[Path, ...],
        Option(
            "A file of words, one a line, that are a concept; the first should speak for the 2nd label.",
            absent="adjectives, or nouns and colours of the scenes",
            accepts=Existing("a file with a word a line, perhaps with .gz"),
        ),
    ] = ()
    label_name: Annotated[
        tuple[str, ...],
        Option(
            "What a label is called, as in 1=positive; else a file beside the text may say it.",
            absent="of the data",
        ),
    ] = ()


def names(options: Sequence[str]) -> dict[str, str]:
    """Return label -> name from what stands on a command line.

    Raises:
        ValueError: another form than `1=positive`.

    Example:
        >>> names(["0=bad", "1=good"])
        {'0': 'bad', '1': 'good'}
    """
    for option in options:
        if not all(option.partition("=")[::2]):
            raise ValueError(f"expected a label and its name, as in 1=positive, got {option!r}")
    return {label.strip(): name.strip() for label, _, name in (option.partition("=") for option in options)}


def _check(options: Options) -> None:
    names(options.label_name)
    _said.columns(options.text_column, options.label_column)


COMMAND = Command(
    "attribution",
    "Ask what predictions rest on: tokens, layers, units and concepts, for labels of texts and for spans in them.",
    Options,
    presets={
        "demo": "two minutes on two cores",
        "small": "a quarter of an hour",
        "full": "all of the data is read, which decides",
    },
    check=_check,
)
