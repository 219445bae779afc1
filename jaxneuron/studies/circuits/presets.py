"""How large a run is."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    pairs: int  # half of them to find units, half to measure
    training: dict[str, Any]  # of the model, where none is given; arguments of `transformer_training.fit`
    sentences: int  # to train it on
    counts: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # units of the curves, as far as there are so many
    steps: int = 5  # gradients that are averaged
    draws: int = 10  # sets of random units of each size
    drawn: int = 30  # nodes of the graph on the page
    longest: int = 16  # tokens of a beginning, at most


_TINY = {"heads": 2, "blocks": 2, "width": 32, "longest": 16, "causal": True, "norm_first": True, "epochs": 12}

PRESETS: dict[str, Preset] = {
    "demo": Preset(40, {**_TINY, "learning_rate": 5e-3, "batch": 32}, 4000),
    "small": Preset(
        200,
        {**_TINY, "heads": 4, "blocks": 4, "width": 64, "epochs": 10, "learning_rate": 3e-3, "batch": 64},
        20_000,
        steps=20,
        draws=50,
        drawn=60,
    ),
}
