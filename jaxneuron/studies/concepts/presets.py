"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple

from jaxneuron.studies.concepts.methods import Method


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    methods: dict[str, dict[str, Any]]  # module of `rank` -> its options, for the units of one layer
    wide_methods: dict[str, dict[str, Any]]  # the same for the units of all layers side by side
    counts: tuple[int, ...]  # k of the curves, of one layer
    wide_counts: tuple[int, ...]  # and of all layers
    probe: dict[str, Any]  # fields of `rank.linear.Settings` where dev data choose when it is done
    many_probes: dict[str, Any]  # where many are compared: layers, control tasks, any number of units
    training: dict[str, Any]  # of the model, where none is given; arguments of `transformer_training.fit`
    training_words: int | None = None  # to train that model on; None: all
    words: int | None = None  # to train probes on; None: all
    held_out: int | None = None  # of dev and of test
    protocol_words: int | None = None  # to train the many probes of layers, of k units and of control tasks on
    gaussian_bottom: bool = True  # whether the Gaussian probe reads the last units, too
    lost: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)  # shares of a layer's units that the model loses
    pool: int = 384  # units of all layers from which the Gaussian probe chooses, by the linear one
    share: float = 0.97  # of the accuracy of all units that the minimal set has to reach
    control_seeds: int = 3
    repeats: int = 3  # random orders
    sentences: int = 192  # whose words the model predicts without some units
    longest: int = 48  # sub-words of such a sentence
    top: int = 50  # units in the sets that are compared between rankings and languages


LINEAR: dict[str, Any] = {"l1": 1e-5, "l2": 1e-5}
"""As in Dalvi et al. 2020, "Analyzing Redundancy in Pretrained Transformer Models" (arXiv 2004.04010)."""

SPARSE: dict[str, Any] = LINEAR | {"l1": 5e-3}
"""Of a probe whose weights rank the units: of units that say the same, one gets the weight."""

MANY: dict[str, Any] = {"tolerance": 1e-3}
"""Of probes whose accuracies are compared: they are near enough to the best ones, and there are hundreds."""

SCORES = (
    Method.PROBELESS,
    Method.MEAN_SELECT,
    Method.CORRELATION,
    Method.MUTUAL_INFORMATION,
    Method.AVERAGE_PRECISION,
    Method.IOU,
)
"""Methods that fit nothing."""


def _methods(select: int, *more: Method) -> dict[str, dict[str, Any]]:
    """Return the methods that are compared, with the number of units that the Gaussian probe chooses."""
    fitted: dict[str, dict[str, Any]] = {Method.LINEAR: SPARSE, Method.GAUSSIAN: {"select": select}}
    return fitted | {name: {} for name in (*more, *SCORES)}


PRESETS: dict[str, Preset] = {
    "demo": Preset(
        methods=_methods(20),
        wide_methods=_methods(20),
        counts=(1, 2, 5, 10, 20, 50),
        wide_counts=(2, 10, 50, 200),
        probe=LINEAR,
        many_probes=MANY,
        training={"epochs": 2, "width": 64, "blocks": 2, "heads": 4, "longest": 64, "learning_rate": 3e-3},
        training_words=40_000,
        words=5_000,
        held_out=2_500,
        pool=96,
        control_seeds=2,
        repeats=2,
        sentences=48,
        top=20,
        gaussian_bottom=False,
        lost=(0.02, 0.1, 0.3),
    ),
    "small": Preset(
        methods=_methods(50),
        wide_methods=_methods(50),
        counts=(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150),
        wide_counts=(1, 2, 5, 10, 20, 50, 100, 200),
        probe=LINEAR,
        many_probes=MANY,
        training={"epochs": 4, "width": 128, "blocks": 4, "heads": 4, "longest": 128, "learning_rate": 2e-3},
        training_words=100_000,
        words=60_000,
        held_out=12_000,
        protocol_words=15_000,
        gaussian_bottom=False,
        sentences=96,
        lost=(0.02, 0.05, 0.13, 0.3),
    ),
    "full": Preset(
        methods=_methods(150, Method.FOREST),
        wide_methods=_methods(50),
        counts=tuple(range(1, 151)),
        wide_counts=(1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500),
        probe=LINEAR,
        many_probes=MANY,
        training={"epochs": 10, "width": 128, "blocks": 4, "heads": 4, "longest": 128},
        protocol_words=20_000,
    ),
}
