"""How large a run of each language is; `options` says how long it takes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxneuron.studies.dni2018.options import Subject


class Preset(NamedTuple):
    """Everything that decides a run but its language, its text and its seed."""

    symbols: int  # to train on
    training: dict[str, Any]  # arguments of `lstm_training.fit`
    width: int = 128  # units
    scored: int = 12_000  # symbols on which units are scored
    held_out: int = 6_400  # symbols on which units are taken away
    quality: int = 50_000  # symbols on which the model is measured
    folds: int = 20
    counts: tuple[int, ...] = (1, 5, 10)  # k of Rm-Neuron, Oracle and of what is held
    random: int = 40  # sets of random units that are taken away, for each k
    written: int = 40  # sets of random units that are held, for each k
    texts: int = 32  # written under each set
    length: int = 80  # symbols of each text
    top: int = 10  # units of each hypothesis that the results list


_SOURCE = {"batch": 16, "learning_rate": 2e-2, "window": 100, "context": 25, "min_count": 5}
"""For source code, of which small batches and a high rate learn most in a given time: after a million characters of C,
2.7 bits per character on dev text instead of 4.0 with batches of 32 and the default rate."""

_PAPER = Preset(
    6_000_000,  # Sellam et al. 2018, "I Like the Way You Think!": 6.2 million characters
    {"epochs": 20} | _SOURCE,
    scored=100_000,
    held_out=20_000,
    quality=400_000,
    random=100,
    written=50,
    texts=64,
    length=1000,
)
"""For source code, of either language."""

PRESETS: dict[str, Mapping[Subject, Preset]] = {
    "demo": {
        Subject.PARENS: Preset(1_000_000, {"epochs": 3, "batch": 32}),
        Subject.ARITHMETIC: Preset(300_000, {"epochs": 3, "batch": 32}),
        Subject.C: Preset(400_000, {"epochs": 3} | _SOURCE, length=200),
        Subject.PYTHON: Preset(400_000, {"epochs": 3} | _SOURCE, length=200),
    },
    "small": {
        Subject.PARENS: Preset(1_000_000, {"epochs": 8, "batch": 32}, scored=20_000, random=100),
        Subject.ARITHMETIC: Preset(1_000_000, {"epochs": 8, "batch": 32}, scored=20_000, random=100),
        Subject.C: Preset(6_000_000, {"epochs": 8} | _SOURCE, scored=40_000, quality=200_000, length=400),
        Subject.PYTHON: Preset(6_000_000, {"epochs": 8} | _SOURCE, scored=40_000, quality=200_000, length=400),
    },
    "paper": {
        Subject.PARENS: Preset(1_000_000, {"epochs": 30, "batch": 32}, scored=50_000, random=200, written=50, texts=64),
        Subject.ARITHMETIC: Preset(
            2_000_000, {"epochs": 20, "batch": 32}, scored=50_000, random=200, written=50, texts=64
        ),
        Subject.C: _PAPER,
        Subject.PYTHON: _PAPER,
    },
}
