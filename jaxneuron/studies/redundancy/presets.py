"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    counts: tuple[int, ...]  # units of the curves; those that a task has not are left out
    lost: tuple[float, ...]  # shares of all units that the probe and the model lose
    training: dict[str, Any]  # of the model, where none is given; arguments of `transformer_training.fit`
    training_words: int | None = None  # to train that model on; None: all
    words: int | None = None  # of a text with a label for each word, to train probes on; None: all
    texts: int | None = None  # of one with a label for each text
    held_out: float = 0.4  # as many of dev and of test, as a share of those
    probe: dict[str, Any] = {"tolerance": 1e-3}  # fields of `rank.linear.Settings` of the probes that are compared
    sparse: dict[str, Any] = {"l1": 5e-3, "l2": 1e-5, "tolerance": 1e-3}  # of the one whose weights order the units
    within: float = 0.01  # of the accuracy, that the layer selector may lose
    distance: float = 0.3  # up to which units are one cluster, when they are selected
    shares: tuple[float, ...] = (0.97, 0.98, 0.99)  # of the accuracy of all units, that few ones have to reach
    rounds: int = 2  # how often the gap before each smallest number of units is divided
    marks: tuple[float, ...] = (0.08, 0.1, 1551 / 9984)  # shares of the units of which claims speak, also in the curves
    thresholds: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # distances at which trees are cut
    draws: int = 3  # random orders
    sentences: int = 96  # whose words the model reads without some units
    longest: int = 48  # sub-words of such a sentence


QUICK: dict[str, Any] = {"epochs": 30, "batch": 128, "learning_rate": 0.03}
"""Of probes in batches, which are compiled in less time than those that go on until they have converged."""

PRESETS: dict[str, Preset] = {
    "demo": Preset(
        counts=(1, 2, 5, 10, 20, 50, 100),
        lost=(0.02, 0.05, 0.15, 0.4),
        training={"epochs": 2, "width": 48, "blocks": 2, "heads": 4, "longest": 32, "learning_rate": 4e-3},
        training_words=15_000,
        words=2_500,
        texts=800,
        probe=QUICK,
        sparse=QUICK | {"l1": 2e-3},
        rounds=0,
        thresholds=(0.1, 0.3, 0.5, 0.7, 0.9),
        draws=2,
        sentences=48,
        longest=24,
    ),
    "small": Preset(
        counts=(1, 2, 5, 10, 20, 50, 90, 150, 268, 800),
        lost=(0.005, 0.02, 0.05, 0.1, 0.2, 0.4),
        training={"epochs": 4, "width": 128, "blocks": 4, "heads": 4, "longest": 128, "learning_rate": 2e-3},
        training_words=100_000,
        words=10_000,
        texts=3_000,
        thresholds=(0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9),
    ),
    "full": Preset(
        counts=(1, 2, 5, 10, 20, 50, 90, 150, 268, 400, 800, 1600, 3200, 6400),
        lost=(0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4),
        training={"epochs": 10, "width": 128, "blocks": 4, "heads": 4, "longest": 128},
        draws=5,
        sentences=192,
    ),
}
