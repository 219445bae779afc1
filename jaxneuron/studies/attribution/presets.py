"""How large a run is: `demo` takes minutes on two cores, `small` half an hour, `full` reads all of the data."""

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Everything that decides a run but its model, its data and its seed."""

    training: dict[str, Any]  # of the encoder, where none is given; arguments of `transformer_training.fit`
    head: dict[str, Any]  # of a head's training; arguments of `heads.fit`
    cnn: dict[str, Any]  # of the text CNN; arguments of `text_cnn_training.fit`
    training_words: int | None = None  # to train that encoder on; None: all
    texts: int | None = None  # to train classifiers on; None: all
    held_out: int | None = None  # of dev and of test
    hidden: int = 64  # units of a head
    longest: int = 32  # sub-words of a text; of longer ones the beginning is read
    explained: int = 32  # test texts whose predictions are explained
    shown: int = 8  # of these, on the page
    steps: int = 50  # nodes of an integral
    batch: int = 8  # texts that are explained at once
    examples: int = 200  # of a concept, several times the units of a layer: vectors of fewer examples, shuffled ones
    # above all, point anywhere, and no concept can be told from them; there are twice as many random ones
    sequence: int = 7  # words of an example: at least 5, so that every window of the CNN has words
    inputs: int = 64  # texts whose gradients are tested
    permutations: int = 1999  # so many that a table of some 30 tests can be significant after correction
    bins: int = 100  # of the distribution of attributions


TRAINING: dict[str, Any] = {"causal": False, "norm_first": False, "embedding_norm": True}
"""An encoder in the manner of BERT."""

PRESETS: dict[str, Preset] = {
    "demo": Preset(
        training=TRAINING
        | {"epochs": 4, "width": 64, "blocks": 3, "heads": 4, "longest": 32, "learning_rate": 3e-3, "batch": 64},
        head={"epochs": 15, "batch": 32, "learning_rate": 3e-3},
        cnn={"epochs": 4, "embedding": 32, "filters": 24, "learning_rate": 3e-3},
        training_words=100_000,
        texts=2_000,
        held_out=400,
        longest=24,
        explained=16,
        examples=400,
        sequence=5,
        inputs=48,
        permutations=999,
    ),
    "small": Preset(
        training=TRAINING
        | {"epochs": 4, "width": 128, "blocks": 4, "heads": 4, "longest": 64, "learning_rate": 2e-3, "batch": 64},
        head={"epochs": 15, "batch": 32, "learning_rate": 1e-3, "patience": 3},
        cnn={"epochs": 10, "learning_rate": 1e-3, "patience": 2},
        training_words=100_000,
        texts=4_000,
        held_out=600,
        explained=32,
    ),
    "full": Preset(
        training=TRAINING | {"epochs": 10, "width": 128, "blocks": 4, "heads": 4, "longest": 64, "batch": 64},
        head={"epochs": 30, "batch": 32, "learning_rate": 1e-3, "patience": 3},
        cnn={"epochs": 15, "learning_rate": 1e-3, "patience": 3},
        longest=48,
        explained=128,
        shown=12,
        examples=400,
        inputs=256,
        permutations=9999,
    ),
}
