"""How large a run is."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    read: int  # words of each of the two parts of the text: that units are chosen on, and that they are asked on
    training: dict[str, Any]  # of the model, where none is given; arguments of `transformer_training.fit`
    sentences: int  # of the grammar, where no text is given
    draws: int = 10  # of the control: how often labels are shifted
    resampled: int = 1000  # draws of sentences for an interval
    least: int = 20  # words of a case in each part, below which it is not measured
    shown: int = 3  # sentences of a case on the page
    longest: int = 30  # words of such a sentence
    extreme: int = 5  # units of a site that vary most and least


_TINY = {"heads": 2, "blocks": 2, "width": 48, "longest": 48, "causal": True, "norm_first": True}

PRESETS: dict[str, Preset] = {
    "demo": Preset(6_000, {**_TINY, "epochs": 5, "learning_rate": 5e-3, "batch": 32}, 5_000),
    "small": Preset(
        20_000,
        {**_TINY, "heads": 4, "blocks": 4, "width": 128, "longest": 128, "epochs": 4, "learning_rate": 2e-3},
        12_000,
    ),
}
