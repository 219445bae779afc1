"""What one may ask of the study `kadar2017`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import Command, Existing, Option, Trained


class Options(NamedTuple):
    """What a run is given."""

    data: Annotated[
        Path | None,
        Option(
            "A folder of captions; by default the embedded scenes, whose grammar knows what each word is.",
            absent="embedded scenes",
            accepts=Existing("a folder of captions with features of pictures (see corpora.captions)", folder=True),
        ),
    ] = None
    treebank: Annotated[
        Path | None,
        Option(
            "A folder of .conllu with train and dev, by which the captions of --data are tagged.",
            accepts=Existing("a treebank: a folder of .conllu with train and dev", folder=True),
        ),
    ] = None
    parsed: Annotated[
        Path | None,
        Option(
            "Sentences with their parses, .conllu or a folder of them, that are analysed instead of the captions.",
            accepts=Existing("parsed sentences: .conllu, or a folder with dev"),
        ),
    ] = None
    model: Annotated[
        Path | None,
        Option("A trained Imaginet; by default one is trained.", absent="trained here", accepts=Trained("imaginet")),
    ] = None


def check(options: Options) -> None:
    """Refuse captions that nobody parses, and a treebank that has no use.

    Raises:
        ValueError: one of the two.
    """
    if options.data is not None and options.treebank is None and options.parsed is None:
        raise ValueError(
            f"--data {options.data}: captions have no parts of speech; give --treebank, a treebank by which they are "
            "tagged, or --parsed, parsed sentences that are analysed instead"
        )
    if options.treebank is not None and (options.data is None or options.parsed is not None):
        raise ValueError("--treebank is to tag the captions of --data, where there is no --parsed; leave it out")


COMMAND = Command(
    "kadar2017",
    "Ask what the two pathways of Imaginet keep of a sentence, word by word, as Kádár et al. 2017.",
    Options,
    presets={
        "demo": "two minutes on two cores",
        "small": "half an hour on two cores, and 2 GB of memory",
        "paper": "as published; a GPU, hours",
    },
    preset="small",
    check=check,
)
