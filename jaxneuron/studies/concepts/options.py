"""What one may ask of the study `concepts`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import (
    LABEL_COLUMN,
    LABELLED_TEXT,
    TEXT_COLUMN,
    Command,
    Option,
    Trained,
    check_columns,
)


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[
        str | None,
        Option(
            "A Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; by default trained.",
            absent="trained here",
            accepts=Trained("transformer", hub=True),
        ),
    ] = None
    data: Annotated[
        tuple[Path, ...],
        Option(
            "A labelled text, such as a folder with a treebank; more of them are other languages.",
            absent="embedded scenes",
            accepts=LABELLED_TEXT,
        ),
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
    if options.labels is None:
        return ("upos",) if options.data else ("kind", "plural", "after_article")
    found, said = tuple(name.strip() for name in options.labels.split(",")), f"--labels {options.labels!r}"
    if not all(found):
        raise ValueError(f"{said}: expected names with commas between them, got an empty one; leave it out")
    if twice := [name for number, name in enumerate(found) if name in found[:number]]:
        raise ValueError(f"{said}: {twice[0]!r} is named twice; name each once")
    return found


def _check(options: Options) -> None:
    layers(options)
    check_columns(options)


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
