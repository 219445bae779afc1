"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its seed."""

    sentences: int  # to train on
    network: dict[str, Any]  # fields of `EncoderDecoderConfig`
    epochs: int
    batch: int = 64
    learning_rate: float = 3e-3
    asked: int = 64  # sentences to find units on, and as many others to test them on
    counts: tuple[int, ...] = (1, 2, 4, 8, 16, 32)  # units that are turned
    beyond: tuple[float, ...] = (0.0, 1.0)  # distances of the means by which units are moved more than the one
    draws: int = 3  # of random units
    enough: float = 0.8  # share of the best success that the fewest units must reach
    shown: int = 3  # translations on the page


PRESETS: dict[str, Preset] = {
    "demo": Preset(6_000, {"width": 48, "encoder_blocks": 1, "encoder_heads": 4}, 14),
    "small": Preset(12_000, {"width": 64, "encoder_blocks": 2, "encoder_heads": 4}, 14, asked=160, draws=5),
}
