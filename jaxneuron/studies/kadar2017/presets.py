"""How large a run is.

The cell, the learned start and the standardised features are the paper's. Its training draws one of the two losses for
each batch, the language's with a share of a tenth; `demo` and `small` take the weighted sum of both instead, for they
have few batches.
"""

from typing import Any, NamedTuple

from jaxneuron_models.imaginet import KADAR2017


class Preset(NamedTuple):
    """Everything that decides a run but its data and its seed."""

    imaginet: dict[str, Any]  # fields of ImaginetConfig
    training: dict[str, Any]  # arguments of imaginet_training.fit
    captions: int = 25_000  # that are analysed, at most
    least: int = 500  # words with a label, for it to be shown
    learn: float = 0.4  # share of the captions by which a regression is fitted, the rest tests it
    frequent: int = 100  # occurrences of a word whose function is looked at
    seen: int = 5  # occurrences of a context that is shown
    bins: int = 20  # of a unit's activation
    replicates: int = 5000  # of the bootstrap
    batch: int = 64  # captions at a time


SUMMED = KADAR2017 | {"losses": "weighted"}

PRESETS: dict[str, Preset] = {
    "demo": Preset(
        imaginet=SUMMED | {"embedding": 48, "units": 64, "min_count": 5},
        training={"epochs": 3, "batch": 64, "learning_rate": 3e-3, "patience": 2},
        captions=1500,
        least=100,
        frequent=60,
        replicates=1000,
    ),
    "small": Preset(
        imaginet=SUMMED | {"embedding": 128, "units": 256, "min_count": 5},
        training={"epochs": 4, "batch": 64, "learning_rate": 2e-3, "patience": 2},
        captions=4000,
        least=150,
        frequent=60,
    ),
    "paper": Preset(
        imaginet=KADAR2017 | {"embedding": 1024, "units": 1024},
        training={"epochs": 10, "batch": 64, "learning_rate": 2e-4, "patience": 3},
    ),
}
