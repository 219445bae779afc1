"""What one may ask of the study `cases`; read without JAX."""

from pathlib import Path
from typing import Annotated, NamedTuple

from jaxneuron.studies._study import LABELLED_TEXT, Command, Existing, Option


class Options(NamedTuple):
    """What a run is given."""

    model: Annotated[
        str | None,
        Option(
            "A language model or an encoder, as for `jaxneuron extract`; by default a small language model is trained "
            "on the text.",
            absent="trained here",
        ),
    ] = None
    data: Annotated[
        Path | None,
        Option(
            "A text of sentences, with parts of speech (upos) if it has them; by default an embedded grammar.",
            absent="embedded grammar",
            accepts=LABELLED_TEXT,
        ),
    ] = None
    words: Annotated[
        Path | None,
        Option(
            "Word lists, each a case of its own: a name and its words in each line, with tabs between.",
            accepts=Existing("a file with a name and its words in each line, with tabs between"),
        ),
    ] = None


COMMAND = Command(
    "cases",
    "Look for the neurons that talks show over text (commas, quotations, places, sentiment); ask them on other text.",
    Options,
    presets={"demo": "1 minute on two cores, and 1 GB of memory", "small": "5 minutes, and 2 GB of memory"},
)
