"""Imaginet's training task: captions in, two weighted losses out.

Poerner et al. 2018: 0.1 x language loss + 0.9 x (1 - cosine), Adam at 1e-3, batches of 16 (we take more: equal data per
epoch, better use of the cores). Kadar et al. 2017 draw one of the two losses per batch, with an Adam state for each.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from jaxneuron import padding
from jaxneuron.batching import Progress
from jaxneuron.corpora import vocabulary as words
from jaxneuron.corpora.captions import Captions
from jaxneuron.types import Params, Tokens, Vocabulary
from jaxneuron_models import checkpoints, checks, imaginet
from jaxneuron_models.train import Schedule, Sums, Task, Trained, check, train

SCHEDULE = Schedule(batch=64, patience=10)
"""How long it is trained, unless told otherwise."""


class Batch(NamedTuple):
    """A few captions with what their pictures show."""

    tokens: Tokens  # [batch, time]
    features: Float[Any, "batch feature"]
    textual: Float[Any, ""]  # weight of the language loss
    visual: Float[Any, ""]  # weight of the visual loss


def fit(
    key: Array,
    data: Captions,
    dev: Captions,
    directory: Path,
    *,
    schedule: Schedule = SCHEDULE,
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
    **architecture: Any,
) -> Trained:
    """Train an Imaginet on captions and leave a checkpoint in `directory`.

    Args:
        key: one key; the order of the batches is seeded from it too.
        data: training captions.
        dev: captions for early stopping.
        directory: where the checkpoint goes; a stopped run there goes on.
        schedule: how long it is trained; its batches are of captions, its learning rate is Adam's.
        progress: called after each batch.
        notice: told how much of the text the vocabulary does not know.
        **architecture: fields of `imaginet.ImaginetConfig`, but for `vocabulary` and `features`, which the data decide.

    Raises:
        ValueError: a wrong option, nothing to train on or to stop by, no word that occurs `min_count` times, a stopped
            run in `directory` that was started with other settings, or a training that fails (see `train`).
        OSError: the folder cannot be written, or another training is at work in it.
    """
    check(schedule)
    vocabulary = checks.vocabulary(data.sentences, dev.sentences, min_count=architecture.get("min_count", 1))
    config = imaginet.ImaginetConfig(vocabulary=len(vocabulary.words), features=data.features.shape[1], **architecture)
    notice(checks.unknown(vocabulary, {"train": data.sentences, "dev": dev.sentences}))
    found = task(key, data, dev, vocabulary, config, schedule)
    with checkpoints.begun(directory, "imaginet", config.__dict__, vocabulary):
        return train(key, found, directory, schedule, progress=progress)


def task(
    key: Array,
    data: Captions,
    dev: Captions,
    vocabulary: Vocabulary,
    config: imaginet.ImaginetConfig,
    schedule: Schedule,
) -> Task:
    """Return what `train` needs to know; the arguments are those of `fit`.

    Args:
        key: for the weights and the order of the captions.
        data: captions to learn from.
        dev: others.
        vocabulary: of both.
        config: of the model.
        schedule: of the training.
    """
    forward, init = imaginet.build(config)
    seed = int(jax.random.bits(key) >> 1)
    shift, scale = _standard(data.features) if config.standardise else (0.0, 1.0)
    sampled = config.losses == "sampled"

    def prepare(captions: Captions) -> tuple[Tokens, np.ndarray, list[int]]:
        tokens = words.encode(vocabulary, captions.sentences)
        lengths = tokens.mask.sum(axis=1)
        return tokens, lengths, padding.widths(lengths[lengths > 0])

    def gather(captions: Captions, tokens: Tokens, rows: np.ndarray, width: int, weight: tuple[float, float]) -> Batch:
        features = (np.asarray(captions.features[captions.image[rows]], np.float32) - shift) / scale
        return Batch(padding.take(tokens, rows, width), features, *map(np.float32, weight))

    tokens, lengths, padded = prepare(data)
    dev_tokens, dev_lengths, dev_padded = prepare(dev)
    both = (config.textual_weight, 1 - config.textual_weight)

    def epoch(number: int) -> list[Any]:
        handles = list(padding.by_length(lengths, batch=schedule.batch, padded=padded, seed=(seed, number)))
        draws = np.random.default_rng((seed, number, 1)).random(len(handles)) < config.textual_weight
        weights = [(float(draw), float(not draw)) if sampled else both for draw in draws]
        return [(*handle, weight) for handle, weight in zip(handles, weights, strict=True)]

    def loss(params: Params, batch: Batch, key: Array) -> tuple[Float[Array, ""], Sums]:
        textual, visual = imaginet.losses(forward, params, batch.tokens, batch.features)
        total = batch.textual * textual + batch.visual * visual
        predicted, captions = jnp.sum(batch.tokens.mask), jnp.sum(batch.tokens.mask[:, 0])
        weighted = config.textual_weight * textual + (1 - config.textual_weight) * visual
        return total, {
            "loss": (weighted * captions, captions),
            "textual": (textual * predicted, predicted),
            "visual": (visual * captions, captions),
        }

    adam = optax.adam(schedule.learning_rate)
    return Task(
        init=init,
        loss=loss,
        batches=epoch,
        load=lambda handle: gather(data, tokens, *handle),
        dev=lambda: (
            gather(dev, dev_tokens, rows, width, both)
            for rows, width in padding.by_length(dev_lengths, batch=256, padded=dev_padded, seed=None)
        ),
        optimizer=_one_state_each(adam) if sampled else adam,
        learning_rate=schedule.learning_rate,
    )


def _standard(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    deviation = features.std(axis=0)
    return features.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _one_state_each(optimizer: optax.GradientTransformation) -> optax.GradientTransformationExtraArgs:
    """Keep one optimiser state per loss, and advance only the one whose loss was drawn."""

    def init(params: Params) -> Any:
        return optimizer.init(params), optimizer.init(params)

    def update(updates: Any, state: Any, params: Params = None, *, batch: Batch, **_: Any) -> Any:
        textual, visual = state

        def first() -> Any:
            change, new = optimizer.update(updates, textual, params)
            return change, (new, visual)

        def second() -> Any:
            change, new = optimizer.update(updates, visual, params)
            return change, (textual, new)

        return jax.lax.cond(batch.textual > 0, first, second)

    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType] (its own protocol)
