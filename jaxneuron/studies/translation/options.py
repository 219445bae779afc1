"""What one may ask of the study `translation`; read without JAX."""

from typing import NamedTuple

from jaxneuron.studies._study import Command


class Options(NamedTuple):
    """What a run is given: nothing, as the truth is known of its own languages only."""


COMMAND = Command(
    "translation",
    "Turn the tense, the number and the gender of translations by units of an encoder, in languages that are known.",
    Options,
    presets={"demo": "one minute on two cores", "small": "five minutes"},
)
