"""What one may ask of the study, known without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import Command, Existing, Option, Trained

BLIMP = Existing("BLiMP's sentences, all paradigms in one .jsonl or .jsonl.gz")


class Options(NamedTuple):
    """What a run reads."""

    model: Annotated[
        str | None,
        Option(
            "A causal language model: a Hugging Face checkpoint, or a folder of `jaxneuron train transformer`; by "
            "default trained on the embedded grammar.",
            absent="trained here",
            accepts=Trained("transformer", hub=True),
        ),
    ] = None
    data: Annotated[
        Path | None,
        Option(
            "BLiMP's sentences (.jsonl), of whose agreement paradigms pairs are made; by default an embedded grammar.",
            absent="embedded grammar",
            accepts=BLIMP,
        ),
    ] = None


COMMAND = Command(
    "circuits",
    "Find the neurons by which a verb agrees with its subject, as Arora et al. 2026 do with relevance, and check them.",
    Options,
    presets={"demo": "1 minute on two cores, and 1 GB of memory", "small": "10 minutes, and 2 GB"},
)
