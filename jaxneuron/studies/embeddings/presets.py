"""How large a run is; `options` says how long it takes."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its models, its data and its seed."""

    training: dict[str, Any]  # of the models, where none is given; arguments of `transformer_training.fit`
    training_words: int  # to train them on
    words: int  # to fit probes on
    held_out: int  # of dev and of test
    width: int = 24  # of vectors that are trained here
    steps: int = 400  # of their training
    counts: tuple[int, ...] = (1, 2, 5, 10, 20, 50)  # units that the Gaussian probe reads
    least: int = 25  # words of a class, below which it is left out
    pieces: int = 12  # beginnings and ends of words that are told apart
    hidden: int = 50  # units of both layers of the classifiers whose input is erased
    fitting: int = 600  # steps of their training
    dropout: float = 0.5
    sentences: int = 600  # by which experts are found
    concepts: int = 60  # words that are concepts, at most
    having: int = 10  # sentences that have such a word, at least
    top: int = 50  # units whose blocks are counted


_TINY: dict[str, Any] = {"heads": 2, "blocks": 2, "width": 48, "longest": 48, "learning_rate": 3e-3}

PRESETS: dict[str, Preset] = {
    "demo": Preset({**_TINY, "epochs": 2}, 12_000, 2_500, 1_200, fitting=300, sentences=300, concepts=40),
    "small": Preset(
        {**_TINY, "heads": 4, "blocks": 4, "width": 128, "longest": 128, "epochs": 4, "learning_rate": 2e-3},
        100_000,
        6_000,
        2_500,
        width=50,
        pieces=20,
        sentences=800,
    ),
}
