"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple

Budgets = dict[str, tuple[dict[str, Any], ...]]
"""Method -> fields of its settings, from a small budget to a large one."""


class Preset(NamedTuple):
    """Everything that decides a run but its models, its data and its seed."""

    training: dict[str, dict[str, Any]]  # of what is trained: arguments of `fit`, and of its schedule
    sentences: int  # of the text that n-grams are taken from
    ngrams: int  # of the corpus, at most, drawn at random
    targets: int  # units of each model
    budgets: Budgets
    pairs: int  # units of which all pairs of words are tried; 0: none
    widest: int  # candidates, above which pairs are left out
    fluent: dict[str, Any]  # settings of the fluent search
    longer: int  # words of a fluent text, and of the n-grams that it is held against
    rates: tuple[float, ...] = (1.0, 3.0)  # learning rates of the methods that have one, tried on some targets
    tuned: int = 8  # of so many
    seeds: int = 2
    shown: int = 12  # units on the page, and in `found.jsonl` all
    written: int = 48  # texts that a language model writes, where no text is given
    symbols: int = 160  # of each of them


PASSES = 100
"""Forward passes for a target, to a step of `swap`'s: 35 of swaps, and for the beam and the polish as much again."""


def _budgets(swaps: tuple[int, ...], climbs: tuple[int, ...], noisy: tuple[int, ...]) -> Budgets:
    """Return budgets by steps of swaps, steps of methods without noise, and restarts of those with."""
    climb = {"restarts": 4, "epoch": 20, "patience": None, "keep": "step"}
    return {
        "best": tuple({"passes": PASSES * steps, "least": 1} for steps in swaps),
        "swap": tuple({"steps": steps} for steps in swaps),
        "fluent": tuple({"steps": steps, "tries": 16} for steps in swaps),
        "beam": tuple({"beams": beams} for beams in (1, 4)),
        "coordinate": tuple({"restarts": restarts} for restarts in (1, 4)),
        "gumbel_softmax": tuple({"restarts": number} for number in noisy),
        "straight_through": tuple({"restarts": number} for number in noisy),
        **{name: tuple(climb | {"steps": steps} for steps in climbs) for name in ("softmax", "logit", "embedding")},
    }


_IMAGINET = {"embedding": 64, "units": 96, "epochs": 4, "batch": 64, "learning_rate": 3e-3, "patience": 2}
_LSTM = {"width": 64, "layers": 1, "embedding": 48, "epochs": 3, "batch": 32, "learning_rate": 2e-2}

PRESETS: dict[str, Preset] = {
    "demo": Preset(
        training={
            "imaginet": _IMAGINET | {"epochs": 1, "embedding": 32, "units": 32, "batch": 128},
            "lstm": _LSTM | {"epochs": 1},
        },
        sentences=1_500,
        ngrams=3_000,
        targets=12,
        budgets=_budgets((10, 40), (40,), (1, 2)),
        pairs=12,
        widest=300,
        fluent={"steps": 40},
        longer=8,
        rates=(3.0,),
        seeds=1,
        shown=6,
    ),
    "small": Preset(
        training={"imaginet": _IMAGINET, "lstm": _LSTM},
        sentences=4_000,
        ngrams=10_000,
        targets=64,
        budgets=_budgets((20, 60, 180), (120,), (1, 4)),
        pairs=64,
        widest=600,
        fluent={"steps": 200},
        longer=12,
    ),
    "full": Preset(
        training={"imaginet": _IMAGINET, "lstm": _LSTM},
        sentences=10_000,
        ngrams=30_000,
        targets=200,
        budgets=_budgets((20, 60, 240), (120, 600), (1, 4, 16)),
        pairs=200,
        widest=600,
        fluent={"steps": 400},
        longer=12,
        rates=(0.3, 1.0, 3.0),
        seeds=3,
    ),
}
