"""How large a run is: `demo` for a laptop's coffee break, `small` for an hour, `paper` as published."""

from typing import Any, NamedTuple

from jaxneuron.find import embedding, gumbel_softmax, logit, softmax


class Preset(NamedTuple):
    """Everything that decides a run but its data and its seed."""

    imaginet: dict[str, Any]  # fields of ImaginetConfig
    training: dict[str, Any]  # arguments of imaginet_training.fit
    methods: dict[str, dict[str, Any]]  # method -> its options; "start": n starts as many restarts from corpus optima
    units: int = 160  # of each projection layer; all where there are fewer
    groups: int = 81  # to which the units of each hidden layer are clustered
    smallest_group: int = 1  # units in a group that is searched for
    sample: int = 100_000  # n-grams for the clustering, and for the spread of each target
    length: int = 5  # words in an n-gram
    frequent: int = 20  # occurrences of a "frequent" word
    budget: int = 2**26  # bytes of working memory per chunk of targets


TUNED: dict[str, Any] = {"steps": 120, "restarts": 4, "epoch": 20, "patience": None, "keep": "step"}

FAST: dict[str, dict[str, Any]] = {
    "corpus": {},
    "embedding": TUNED | {"learning_rate": 0.01},
    "logit": TUNED | {"learning_rate": 0.01},
    "softmax": TUNED | {"learning_rate": 3.0, "start": 1},
    "gumbel_softmax": gumbel_softmax.FAST._asdict() | {"start": 1},
}
"""Equal restarts for all, each with the learning rate that a sweep found best (`benchmarks/RESULTS.md`)."""


def _published(settings: Any) -> dict[str, Any]:
    """Return the paper's settings; of restarts it has none."""
    return {name: value for name, value in settings._asdict().items() if name != "restarts"}


PRESETS: dict[str, Preset] = {
    "demo": Preset(
        imaginet={"embedding": 64, "units": 96},
        training={"epochs": 4, "batch": 64, "learning_rate": 3e-3, "patience": 2},
        methods=FAST,
        units=40,
        groups=24,
        smallest_group=3,
        sample=10_000,
    ),
    "small": Preset(
        imaginet={"embedding": 256, "units": 512, "min_count": 5},
        training={"epochs": 4, "batch": 64, "learning_rate": 1e-3, "patience": 2},
        methods=FAST,
        groups=41,  # as many units in each as in the original
        smallest_group=3,
        sample=50_000,
    ),
    "paper": Preset(
        imaginet={"embedding": 1024, "units": 1024, "min_count": 1},
        training={"epochs": 1000, "batch": 16, "learning_rate": 1e-3, "patience": 10},
        methods={
            "corpus": {},
            "embedding": _published(embedding.POERNER2018),
            "logit": _published(logit.POERNER2018),
            "softmax": _published(softmax.POERNER2018),
            "gumbel_softmax": _published(gumbel_softmax.POERNER2018),
        },
        budget=2**32,
    ),
}
