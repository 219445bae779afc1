"""What one may ask of the study `switch`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import TEXT_COLUMN, TEXTS, Command, Existing, Option, Trained

ARCHITECTURES = ("both", "lstm", "transformer")


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[
        str | None,
        Option(
            "A causal language model: a Hugging Face checkpoint, or a folder of `jaxneuron train`; by default an LSTM "
            "and a transformer are trained.",
            absent="trained here",
            accepts=Trained("transformer", hub=True),
        ),
    ] = None
    trained: Annotated[
        str, Option("What is trained where no model is given: both, lstm or transformer.", choices=ARCHITECTURES)
    ] = "both"
    data: Annotated[
        Path | None,
        TEXTS._replace(
            help="A text: models are trained on it, its sentences say which units detect a concept, and on it the cost "
            "of turned units is measured.",
            absent="sentences of an embedded grammar; of a model that is given, what it writes",
        ),
    ] = None
    text_column: Annotated[str | None, TEXT_COLUMN] = None
    pairs: Annotated[
        Path | None,
        Option(
            "BLiMP's pairs of sentences, .jsonl, perhaps with .gz, or a folder of them: number is found and tested on "
            "its paradigms of agreement.",
            absent="pairs of the embedded grammar",
            accepts=Existing("a file or a folder of minimal pairs"),
        ),
    ] = None
    concepts: Annotated[
        Path | None,
        Option(
            "Lists of words, .tsv, perhaps with .gz, a line each: the concept's name, then its words.",
            absent="ten embedded topics",
            accepts=Existing("a file of word lists"),
        ),
    ] = None
    prompt: Annotated[
        str | None,
        Option("What the model begins to write from.", absent="the; of a model of pieces: Once upon a time"),
    ] = None


def _check(options: Options) -> None:
    if options.model is not None and options.trained != "both":
        raise ValueError(f"--trained {options.trained}: with --model nothing is trained; leave one of them out")


COMMAND = Command(
    "switch",
    "Turn the neurons of number and tense, and force those of a concept: what does the model prefer, and write?",
    Options,
    presets={
        "demo": "one minute on two cores",
        "small": "a quarter of an hour with stories260K or an LSTM on a text of your own, and 1 GB",
    },
    check=_check,
)
