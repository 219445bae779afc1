"""What one may ask of the study, known without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import TEXT_COLUMN, TEXTS, Command


class Options(NamedTuple):
    """What a run reads."""

    data: Annotated[
        Path | None,
        TEXTS._replace(help="The text that the models are trained on; by default captions of the embedded scenes."),
    ] = None
    text_column: Annotated[str | None, TEXT_COLUMN] = None


COMMAND = Command(
    "recurrence",
    "Train one LSTM from three seeds, and ask which of its neurons recur, as Bau et al. 2019 and Gurnee et al. 2024.",
    Options,
    presets={"demo": "1 minute on two cores, and 1 GB of memory", "small": "10 minutes, and 2 GB"},
)
