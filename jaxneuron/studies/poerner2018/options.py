"""What one may ask of the study `poerner2018`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import Command, Existing, Option, Trained


class Options(NamedTuple):
    """What a run is given."""

    data: Annotated[
        Path | None,
        Option(
            "A folder of captions; by default $JAXNEURON_DATA, and without it the embedded scenes.",
            absent="embedded scenes",
            accepts=Existing(
                "a folder of captions with features of pictures (see jaxneuron.corpora.captions)",
                folder=True,
                variable="JAXNEURON_DATA",
            ),
        ),
    ] = None
    draw: Annotated[
        str,
        Option("unbiased, or original: the units that the paper's code draws.", choices=("unbiased", "original")),
    ] = "unbiased"
    model: Annotated[
        Path | None,
        Option("A trained Imaginet; by default one is trained.", absent="trained here", accepts=Trained("imaginet")),
    ] = None


COMMAND = Command(
    "poerner2018",
    "Find the 5-grams that drive neurons most, by five methods, and compare them as Poerner et al. 2018.",
    Options,
    presets={
        "demo": "two minutes on two cores",
        "small": "an hour on two cores",
        "paper": "as published; a GPU with 80 GB, hours",
    },
    preset="small",
)
