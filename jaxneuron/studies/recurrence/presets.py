"""How large a run is."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its data and its seed."""

    sentences: int  # to train on, at most
    training: dict[str, Any]  # arguments of `lstm_training.fit`
    models: int = 3  # from as many seeds
    width: int = 64  # units of each layer
    embedding: int = 64
    layers: int = 2
    compared: int = 2000  # held-out sentences over which units are compared, at most
    erased: int = 300  # held-out sentences that are read without some units
    shares: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)  # of a layer's units that are taken away
    random: int = 10  # sets of random units of each share


PRESETS: dict[str, Preset] = {
    "demo": Preset(5_000, {"epochs": 3, "batch": 64, "learning_rate": 8e-3, "min_count": 2}),
    "small": Preset(
        40_000,
        {"epochs": 8, "batch": 64, "learning_rate": 4e-3, "min_count": 3},
        width=256,
        embedding=128,
        compared=4000,
        erased=1000,
        random=30,
    ),
}
