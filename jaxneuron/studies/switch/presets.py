"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple

NETWORKS: dict[str, dict[str, Any]] = {
    "lstm": {"width": 64, "layers": 1, "embedding": 48, "epochs": 3, "batch": 32, "learning_rate": 2e-2},
    "transformer": {
        **{"width": 64, "blocks": 2, "heads": 4, "longest": 24, "epochs": 6, "batch": 32},
        "learning_rate": 3e-3,
    },
}
"""Of the demo: arguments of the `fit` of each architecture, and of its schedule.

The schedule and the number of sentences were chosen on other seeds than those reported, on pairs of words that units
are found on. Many sentences, seen few times, teach more than the same steps on half of them."""


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    sentences: int  # to train on
    networks: dict[str, dict[str, Any]]  # arguments of each architecture's training
    sites: tuple[str, ...] = (
        "/residual",
        "0/hidden",
        "1/hidden",
        "/cell",
    )  # ends of the names of those whose units are
    # turned: each alone is a pass over the pairs, so the many of a transformer's MLPs are left out
    asked: int = 160  # pairs of each property, half of them to find units on, half held out
    ordering: int = 24  # of the finding pairs, those that say what each unit does alone
    counts: tuple[int, ...] = (1, 2, 4, 8, 16)  # units that are turned
    random: int = 4  # sets of random units of each size
    beyond: tuple[float, ...] = (1.0,)  # how far past the other mean units are set
    enough: float = 0.8  # share of the finding pairs that the fewest units have to flip
    ordinary: int = 60  # sentences that the cost is measured on
    longest: int = 40  # words of a sentence
    labelled: int = 1200  # sentences by which experts are found
    least: int = 10  # sentences that have a concept
    lists: int = 10  # concepts that are induced
    forced: tuple[int, ...] = (1, 3, 10, 30)  # units that are forced
    draws: int = 2  # random sets of each number
    texts: int = 32  # that are written under each
    length: int = 12  # symbols of each text
    held_names: tuple[str, ...] = ()  # concepts of a file of lists that are taken, in this order; (): its first


PRESETS: dict[str, Preset] = {
    "demo": Preset(12_000, NETWORKS),
    "small": Preset(
        15_000,
        {
            "lstm": {
                **{"width": 128, "layers": 2, "embedding": 64, "epochs": 3, "batch": 64, "learning_rate": 6e-3},
                "min_count": 15,
            },
            "transformer": {
                **{"width": 96, "blocks": 3, "heads": 4, "longest": 32, "epochs": 3, "batch": 64},
                **{"learning_rate": 2e-3, "min_count": 15},
            },
        },
        longest=30,
        labelled=1_500,
        least=20,
        forced=(1, 3, 10, 30, 100),
        draws=1,
        length=30,
        held_names=(
            *("animal", "family", "school", "music", "food", "weather", "sports", "party", "sleep", "war"),
            *("money", "love", "fear", "death", "ocean", "crime"),
        ),
    ),
}
