"""A transformer from scratch: predict the next word (causal), or the words that were hidden (bidirectional).

Masked words as in BERT (Devlin et al. 2019, arXiv 1810.04805): 15 % of the words are predicted; of these, 80 % are
replaced by a mask, 10 % by a random word, 10 % stay. AdamW with a linear warm-up and a cosine decay.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float

from jaxneuron import padding
from jaxneuron.batching import Progress
from jaxneuron.corpora import vocabulary as words
from jaxneuron.corpora.vocabulary import END
from jaxneuron.types import Params, Tokens, Vocabulary
from jaxneuron_models import checkpoints, checks, pure, transformer, transformer_step
from jaxneuron_models.model import Model
from jaxneuron_models.train import Schedule, Sums, Task, Trained, check, train

MASK = words.UNK
"""What stands for a hidden word: the unknown word, which training text never predicts."""

SIZES = ("width", "blocks", "heads", "longest")
"""Fields of `transformer.TransformerConfig` that cannot be 0."""

SCHEDULE = Schedule()
"""How long it is trained, unless told otherwise."""


def fit(
    key: Array,
    sentences: list[list[str]],
    dev: list[list[str]],
    directory: Path,
    *,
    schedule: Schedule = SCHEDULE,
    min_count: int = 1,
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
    **architecture: Any,
) -> Trained:
    """Train a transformer on sentences of words and leave a checkpoint in `directory`.

    Args:
        key: one key; the order of the batches is seeded from it too.
        sentences: training text; of a sentence longer than the model, the beginning is read.
        dev: text for early stopping.
        directory: where the checkpoint goes; a stopped run there goes on.
        schedule: how long it is trained; its batches are of sentences, its learning rate comes after a warm-up.
        min_count: occurrences of a word to be in the vocabulary.
        progress: called after each batch.
        notice: told how much of the text the vocabulary does not know.
        **architecture: fields of `transformer.TransformerConfig`, but for `vocabulary`.

    Raises:
        ValueError: a wrong option, nothing to train on or to stop by, no word that occurs `min_count` times, a stopped
            run in `directory` that was started with other settings, or a training that fails (see `train`).
        OSError: the folder cannot be written, or another training is at work in it.
    """
    checks.at_least(1, **{name: architecture[name] for name in SIZES if name in architecture})
    check(schedule)
    vocabulary = checks.vocabulary(sentences, dev, min_count=min_count)
    config = transformer.TransformerConfig(vocabulary=len(vocabulary.words), **architecture)
    notice(checks.unknown(vocabulary, {"train": sentences, "dev": dev}))
    found = task(key, sentences, dev, vocabulary, config, schedule)
    with checkpoints.begun(directory, "transformer", config.__dict__, vocabulary):
        return train(key, found, directory, schedule, progress=progress)


def task(
    key: Array,
    sentences: list[list[str]],
    dev: list[list[str]],
    vocabulary: Vocabulary,
    config: transformer.TransformerConfig,
    schedule: Schedule,
) -> Task:
    """Return what `train` needs to know; the arguments are those of `fit`.

    Args:
        key: for the weights and the order of the sentences.
        sentences: to learn from.
        dev: others.
        vocabulary: of both.
        config: of the model.
        schedule: of the training.
    """
    forward, init = transformer.build(config)
    seed = int(jax.random.bits(key) >> 1)
    tokens, dev_tokens = (words.encode(vocabulary, text, length=config.longest) for text in (sentences, dev))
    lengths, dev_lengths = (found.mask.sum(axis=1) for found in (tokens, dev_tokens))
    padded = padding.widths(lengths[lengths > 0])
    losses = next_word if config.causal else hidden_words

    def epoch(number: int) -> list[Any]:
        return list(padding.by_length(lengths, batch=schedule.batch, padded=padded, seed=(seed, number)))

    def loss(params: Params, batch: Tokens, key: Array) -> tuple[Float[Array, ""], Sums]:
        nats, predicted = losses(forward, params, batch, key)
        total = jnp.sum(nats * predicted)
        count = jnp.sum(predicted)
        return total / jnp.maximum(count, 1), {"loss": (total, count)}

    steps = schedule.epochs * len(epoch(0))
    warm_up = min(100, steps // 10 + 1, steps - 1)
    rate = optax.warmup_cosine_decay_schedule(0.0, schedule.learning_rate, warm_up, steps)
    return Task(
        init=init,
        loss=loss,
        batches=epoch,
        load=lambda handle: padding.take(tokens, *handle),
        dev=lambda: (
            padding.take(dev_tokens, *handle)
            for handle in padding.by_length(
                dev_lengths, batch=schedule.batch, padded=padding.widths(dev_lengths[dev_lengths > 0]), seed=None
            )
        ),
        optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=0.01)),
        learning_rate=schedule.learning_rate,
    )


def next_word(
    forward: pure.PureForward, params: Params, tokens: Tokens, key: Array
) -> tuple[Float[Array, "batch time"], Bool[Array, "batch time"]]:
    """Return the nats of each next word (`<END>` after the last), and where there is one.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        key: not used.
    """
    follows = jnp.pad(tokens.mask[:, 1:], [(0, 0), (0, 1)])
    target = jnp.where(follows, jnp.pad(tokens.ids[:, 1:], [(0, 0), (0, 1)]), END)
    logits = forward(params, tokens, {})[0].logits
    return optax.softmax_cross_entropy_with_integer_labels(logits, target), jnp.asarray(tokens.mask)


def hidden_words(
    forward: pure.PureForward, params: Params, tokens: Tokens, key: Array
) -> tuple[Float[Array, "batch time"], Bool[Array, "batch time"]]:
    """Return the nats of the words that were hidden, and where they were.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences.
        key: for the words that are hidden.
    """
    which, how, other = jax.random.split(key, 3)
    ids = jnp.asarray(tokens.ids)
    hidden = (jax.random.uniform(which, ids.shape) < 0.15) & tokens.mask
    draw = jax.random.uniform(how, ids.shape)
    logits_shape = jax.eval_shape(lambda: forward(params, tokens, {})[0].logits)
    random = jax.random.randint(other, ids.shape, len(words.SPECIALS), logits_shape.shape[-1])
    shown = jnp.where(hidden & (draw < 0.8), MASK, jnp.where(hidden & (draw < 0.9), random, ids))
    logits = forward(params, Tokens(shown, jnp.asarray(tokens.mask)), {})[0].logits
    return optax.softmax_cross_entropy_with_integer_labels(logits, ids), hidden


def load(directory: Path | str) -> Model:
    """Load a transformer that `jaxneuron train transformer` wrote.

    Args:
        directory: its `--out`.

    Raises:
        FileNotFoundError, ValueError: see `checkpoints.load`.
    """
    stored = checkpoints.load(directory, "transformer")
    lists = {name for name, value in stored.config.items() if isinstance(value, list)}  # JSON has no tuples
    fields: dict[str, Any] = {name: tuple(value) if name in lists else value for name, value in stored.config.items()}
    config = transformer.TransformerConfig(**fields)
    forward, init = transformer.build(config)
    params = checkpoints.restore(directory, jax.eval_shape(init, jax.random.key(0)))
    last = "final" if config.norm_first else f"block{config.blocks - 1}/residual"
    model = Model(
        forward,
        params,
        stored.vocabulary,
        {"logits": last},
        config,
        window=config.window,
        packed=True,
        head="next word" if config.causal else "masked word",
        scores="logits",
        hidden=MASK,
        source=str(directory),
    )
    return transformer_step.reading_on(model)
