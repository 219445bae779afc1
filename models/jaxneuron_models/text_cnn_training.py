"""A text CNN from scratch: which label does a text have?

Cross-entropy and Adam, as in Captum's tutorials on IMDB reviews; early stopping on dev, dropout as in Kim 2014.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from jaxneuron import padding
from jaxneuron.batching import Progress
from jaxneuron.corpora import vocabulary as words
from jaxneuron.types import Params, Tokens
from jaxneuron_models import checkpoints, checks, text_cnn
from jaxneuron_models.model import Model
from jaxneuron_models.train import Schedule, Sums, Task, Trained, check, train

SCHEDULE = Schedule()
"""How long it is trained, unless told otherwise."""


Labelled = tuple[Sequence[Sequence[str]], Sequence[str]]
"""Texts as lists of words, and the label of each."""


class _Batch(NamedTuple):
    tokens: Tokens
    label: Any  # [batch]


def fit(
    key: Array,
    train_on: Labelled,
    dev: Labelled,
    directory: Path,
    *,
    schedule: Schedule = SCHEDULE,
    min_count: int = 2,
    longest: int = 128,
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
    **architecture: Any,
) -> Trained:
    """Train a text CNN and leave a checkpoint in `directory`.

    Args:
        key: one key; the order of the batches is seeded from it too.
        train_on: training texts as lists of words, and the label of each.
        dev: texts and labels for early stopping.
        directory: where the checkpoint goes; a stopped run there goes on.
        schedule: how long it is trained; its batches are of texts, its learning rate is Adam's.
        min_count: occurrences of a word to be in the vocabulary.
        longest: words that are read of a text.
        progress: called after each batch.
        notice: told how much of the text the vocabulary does not know.
        **architecture: fields of `text_cnn.TextCnnConfig`, but for `vocabulary` and `labels`.

    Returns:
        The best weights and the curves: `loss` in nats and `accuracy`.

    Raises:
        ValueError: no text, one label only, a dev label that train does not have, a wrong option, no word that occurs
            `min_count` times, a stopped run in `directory` that was started with other settings, or a training that
            fails (see `train`).
        OSError: the folder cannot be written, or another training is at work in it.
    """
    checks.at_least(1, longest=longest)
    check(schedule)
    (texts, labels), (dev_texts, dev_labels) = train_on, dev
    names = tuple(sorted(set(labels)))
    if len(names) < 2 or len(texts) != len(labels) or len(dev_texts) != len(dev_labels) or not dev_texts:
        raise ValueError(
            f"expected texts with one label each, of two or more labels, got {len(texts)} and {len(dev_texts)} texts "
            f"with {len(labels)} and {len(dev_labels)} labels ({', '.join(names[:5])})"
        )
    if unknown := sorted(set(dev_labels) - set(names)):
        raise ValueError(f"no text to train on has the label {unknown[0]!r}; its labels are {', '.join(names)}")
    vocabulary = checks.vocabulary(texts, dev_texts, min_count=min_count)
    config = text_cnn.TextCnnConfig(vocabulary=len(vocabulary.words), labels=len(names), **architecture)
    settings = asdict(config) | {"widths": list(config.widths), "names": list(names), "longest": longest}
    notice(checks.unknown(vocabulary, {"train": texts, "dev": dev_texts}))
    place = {name: number for number, name in enumerate(names)}
    sets = [
        (words.encode(vocabulary, some, length=longest), jnp.array([place[label] for label in given]))
        for some, given in (train_on, dev)
    ]
    found = _task(key, sets, config, schedule)
    with checkpoints.begun(directory, "text_cnn", settings, vocabulary):
        return train(key, found, directory, schedule, progress=progress)


def _task(key: Array, sets: list[tuple[Tokens, Array]], config: text_cnn.TextCnnConfig, schedule: Schedule) -> Task:
    """Return what `train` needs to know; the sets are train and dev."""
    forward, init = text_cnn.build(config)
    seed = int(jax.random.bits(key) >> 1)
    lengths = [tokens.mask.sum(axis=1) for tokens, _ in sets]
    padded = padding.widths(lengths[0][lengths[0] > 0], 4)
    padded[-1] = max(padded[-1], int(lengths[1].max()))

    def handles(part: int, seed: tuple[int, ...] | None) -> list[Any]:
        return [
            (part, *handle)
            for handle in padding.by_length(lengths[part], batch=schedule.batch, padded=padded, seed=seed)
        ]

    def load(handle: Any) -> _Batch:
        part, rows, width = handle
        tokens, label = sets[part]
        return _Batch(padding.take(tokens, rows, width), label[jnp.maximum(rows, 0)])

    def loss(params: Params, batch: _Batch, key: Array) -> tuple[Float[Array, ""], Sums]:
        plain = forward(params, batch.tokens, {})[0][:, 0]
        dropped = text_cnn.scores_in_training(forward.graph, params, batch.tokens, key)
        real = jnp.any(batch.tokens.mask, axis=-1)
        count = jnp.sum(real)
        nats = [optax.softmax_cross_entropy_with_integer_labels(scores, batch.label) for scores in (plain, dropped)]
        right = jnp.sum((jnp.argmax(plain, axis=-1) == batch.label) & real)
        total, minimised = (jnp.sum(part * real) for part in nats)
        sums = {"loss": (total, count), "accuracy": (right.astype(jnp.float32), count)}
        return minimised / jnp.maximum(count, 1), sums

    return Task(
        init=init,
        loss=loss,
        batches=lambda epoch: handles(0, (seed, epoch)),
        load=load,
        dev=lambda: (load(handle) for handle in handles(1, None)),
        optimizer=optax.adam(schedule.learning_rate),
        learning_rate=schedule.learning_rate,
    )


def load(directory: Path | str) -> Model:
    """Load a text CNN that `fit` wrote.

    Raises:
        FileNotFoundError, ValueError: see `checkpoints.load`.
    """
    stored = checkpoints.load(directory, "text_cnn")
    names = [field.name for field in fields(text_cnn.TextCnnConfig)]
    architecture: dict[str, Any] = {name: stored.config[name] for name in names}
    architecture["widths"] = tuple(architecture["widths"])  # JSON knows lists only
    config = text_cnn.TextCnnConfig(**architecture)
    forward, init = text_cnn.build(config)
    params = checkpoints.restore(directory, jax.eval_shape(init, jax.random.key(0)))
    return Model(
        forward,
        params,
        stored.vocabulary,
        {"logits": "pool"},
        config,
        head="text label",
        scores="logits",
        labels=tuple(stored.config["names"]),
        source=str(directory),
    )
