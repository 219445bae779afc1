"""What one may ask of the study `embeddings`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron import _said
from jaxneuron.studies._study import ENCODER, LANGUAGE_MODEL, TEXTS, Command, Existing, Option

PROPERTIES = ("upos", "deprel", "Number", "Tense", "VerbForm", "Person", "PronType", "Degree")
"""Of a treebank, where it has them."""


class Options(NamedTuple):
    """What a run is given."""

    vectors: Annotated[
        Path | None,
        Option(
            "Static vectors, the most frequent word first: .npz with `words` and `vectors`, or lines, .txt, perhaps "
            "with .gz, of a word and its numbers.",
            absent="trained here on the text",
            accepts=Existing("a file of static vectors"),
        ),
    ] = None
    model: Annotated[
        str | None,
        ENCODER._replace(
            help="An encoder or a masked language model: a Hugging Face checkpoint, or a folder of `jaxneuron train "
            "transformer`; by default trained."
        ),
    ] = None
    other: Annotated[
        str | None,
        LANGUAGE_MODEL._replace(
            help="A causal language model to compare with, opened in the same way; by default trained."
        ),
    ] = None
    data: Annotated[Path | None, TEXTS._replace(help="A labelled text, such as a folder with a treebank.")] = None
    labels: Annotated[
        str | None,
        Option(
            "Layers of labels, separated by commas. Default: parts of speech, relations and morphology.",
            absent="those of a treebank that are there; of the embedded scenes kind, plural, after_article",
        ),
    ] = None


def wanted(options: Options) -> list[str] | None:
    """Return the layers of labels that are asked for by name.

    Raises:
        ValueError: an empty name, or one that is listed twice.
    """
    return _said.names("--labels", options.labels)


def _check(options: Options) -> None:
    wanted(options)


COMMAND = Command(
    "embeddings",
    "Compare units of static vectors with those of contextual models: frequency, few units, blocks, experts.",
    Options,
    presets={"demo": "one minute on two cores", "small": "ten minutes with MiniLM, 2 GB of memory and 1 GB of disk"},
    check=_check,
)
