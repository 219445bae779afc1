"""An LSTM language model from scratch: predict each next symbol, of sentences or of running text.

A text that is longer than a window is cut, elsewhere in each epoch, and no gradient crosses a cut (truncated
back-propagation through time, Williams and Peng 1990). A window begins with an empty state and may read some context
first; nothing is handed from batch to batch, so a stopped run goes on exactly. Adam with a cosine decay.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from jaxneuron.batching import Progress
from jaxneuron.types import Params, Vocabulary
from jaxneuron_models import checkpoints, checks, lstm_lm, windows
from jaxneuron_models.model import Model
from jaxneuron_models.train import Schedule, Sums, Task, Trained, check, train
from jaxneuron_models.windows import Cutting, Excerpts

SCHEDULE = Schedule(epochs=10, learning_rate=4e-3)
"""How long it is trained, unless told otherwise."""

CUTTING = Cutting()


class Measured(NamedTuple):
    """How well a model predicts texts."""

    nats: float  # per symbol
    bits: float  # per symbol: bits per character
    perplexity: float  # the exponential of the nats
    accuracy: float  # share of symbols that were the most probable ones
    count: int  # symbols predicted: of each text the second to the last, then <END>


def fit(
    key: Array,
    texts: Sequence[Sequence[str]],
    dev: Sequence[Sequence[str]],
    directory: Path,
    *,
    schedule: Schedule = SCHEDULE,
    min_count: int = 1,
    cutting: Cutting = CUTTING,
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
    **architecture: Any,
) -> Trained:
    """Train an LSTM on texts and leave a checkpoint in `directory`.

    Args:
        key: one key; the order of the batches and the cuts are seeded from it too.
        texts: training text: strings of characters, or lists of words; whole sentences, or running text as one item.
        dev: text for early stopping.
        directory: where the checkpoint goes; a stopped run there goes on.
        schedule: how long it is trained; its batches are of windows, its learning rate the first and highest.
        min_count: occurrences of a symbol to be in the vocabulary.
        cutting: how longer texts are cut.
        progress: called after each batch.
        notice: told how much of the text the vocabulary does not know.
        **architecture: fields of `lstm_lm.LstmConfig`, but for `vocabulary`.

    Returns:
        The best weights and the curves: `loss` in nats per symbol, `bits` per symbol, `accuracy` of the next symbol.

    Raises:
        ValueError: no text, a wrong option, no symbol that occurs `min_count` times, a stopped run in `directory` with
            other settings or other symbols, or a training that fails (see `train`).
        OSError: the folder cannot be written, or another training is at work in it.
    """
    checks.at_least(1, window=cutting.window)
    checks.at_least(0, context=cutting.context)
    check(schedule)
    for given in (texts, dev):
        if isinstance(given, str):
            raise ValueError(f"expected a list of texts, got one string ({given!r:.40}); put it into a list")
    vocabulary = checks.vocabulary(texts, dev, min_count=min_count)
    config = lstm_lm.LstmConfig(vocabulary=len(vocabulary.words), **architecture)
    training = {"batch": schedule.batch, "learning_rate": schedule.learning_rate} | cutting._asdict()
    settings = config.__dict__ | training
    notice(checks.unknown(vocabulary, {"train": texts, "dev": dev}))
    found = task(key, texts, dev, vocabulary, config, schedule, cutting)
    with checkpoints.begun(directory, "lstm", settings, vocabulary):
        return train(key, found, directory, schedule, progress=progress)


def task(
    key: Array,
    texts: Sequence[Sequence[str]],
    dev: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    config: lstm_lm.LstmConfig,
    schedule: Schedule,
    cutting: Cutting,
) -> Task:
    """Return what `train` needs to know; the arguments are those of `fit`.

    Args:
        key: for the weights and the order of the texts.
        texts: to learn from.
        dev: others.
        vocabulary: of both.
        config: of the model.
        schedule: of the training.
        cutting: of texts into windows.
    """
    forward, init = lstm_lm.build(config, training=True)
    seed = int(jax.random.bits(key) >> 1)
    running, dev_running = (windows.encode(vocabulary, some) for some in (texts, dev))
    padded = windows.widths(running, **cutting._asdict())
    dev_cuts = windows.cut(dev_running, **cutting._asdict())
    dev_padded = sorted({*padded, max(padded[-1], int((dev_cuts.end - dev_cuts.begin).max()))})
    dev_batches = windows.batched(dev_cuts, batch=schedule.batch, padded=dev_padded, seed=None)

    def epoch(number: int) -> list[Any]:
        offset = int(np.random.default_rng((seed, number)).integers(cutting.window))
        cuts = windows.cut(running, **cutting._asdict(), offset=offset)
        return windows.batched(cuts, batch=schedule.batch, padded=padded, seed=(seed, number))

    def loss(params: Params, batch: Excerpts, key: Array) -> tuple[Float[Array, ""], Sums]:
        sums = _sums(forward(params, batch.tokens, {})[0].logits, batch)
        total, count = sums["loss"]
        return total / jnp.maximum(count, 1), sums

    return Task(
        init=init,
        loss=loss,
        batches=epoch,
        load=lambda handle: windows.take(running, *handle),
        dev=lambda: (windows.take(dev_running, *handle) for handle in dev_batches),
        optimizer=optax.chain(
            optax.clip_by_global_norm(1.0),
            optax.adam(
                optax.cosine_decay_schedule(schedule.learning_rate, schedule.epochs * len(epoch(0)), alpha=0.01)
            ),
        ),
        learning_rate=schedule.learning_rate,
    )


def _sums(logits: Float[Array, "batch time vocab"], window: Excerpts) -> Sums:
    """Return what is measured, summed over the symbols to be predicted."""
    nats = optax.softmax_cross_entropy_with_integer_labels(logits, window.following)
    total, count = jnp.sum(nats * window.counted), jnp.sum(window.counted)
    right = jnp.sum((jnp.argmax(logits, axis=-1) == window.following) & window.counted)
    return {
        "loss": (total, count),
        "bits": (total / math.log(2), count),
        "accuracy": (right.astype(jnp.float32), count),
    }


def measure(
    model: Model,
    texts: Sequence[Sequence[str]],
    *,
    batch: int = 64,
    window: int = 200,
    progress: Progress | None = None,
) -> Measured:
    """Measure how well the model predicts whole texts, of any length: its state goes from window to window.

    Args:
        model: from `load` or `open`.
        texts: strings of characters, or lists of words.
        batch: texts that are read at once.
        window: symbols that are read at once; bounds the memory, changes nothing.
        progress: called after each window.

    Raises:
        ValueError: there is nothing to read.
    """
    running = windows.encode(model.vocabulary, texts)
    batch, window = min(batch, len(running.lengths)), min(window, int(running.lengths.max()))
    order = np.argsort(running.lengths, kind="stable")
    groups = np.pad(order, (0, -len(order) % batch), constant_values=-1).reshape(-1, batch)
    nats, right, count, done = 0.0, 0.0, 0, 0
    total = sum(math.ceil(running.lengths[group].max() / window) for group in groups)
    for group in groups:
        state = lstm_lm.initial_state(model.config, batch)
        start, length = running.starts[group], np.where(group >= 0, running.lengths[group], 0)
        for position in range(0, int(length.max()), window):
            begin, end = (start + np.minimum(position + further, length) for further in (0, window))
            part = windows.take(running, windows.Cuts(begin, begin, end), window)
            state, sums = _read_on(model.params, state, part)
            nats, right = nats + float(sums["loss"][0]), right + float(sums["accuracy"][0])
            count, done = count + int(part.counted.sum()), done + 1
            if progress:
                progress(done, total)
    return Measured(nats / count, nats / count / math.log(2), math.exp(nats / count), right / count, count)


@jax.jit
def _read_on(params: Params, state: lstm_lm.LstmState, window: Excerpts) -> tuple[lstm_lm.LstmState, Sums]:
    output, _, state = lstm_lm.step(params, state, window.tokens, {})
    return state, _sums(output.logits, window)


def load(directory: Path | str) -> Model:
    """Load an LSTM that `jaxneuron train lstm` wrote.

    Args:
        directory: its `--out`.

    Raises:
        FileNotFoundError, ValueError: see `checkpoints.load`.
    """
    stored = checkpoints.load(directory, "lstm")
    names = [field.name for field in fields(lstm_lm.LstmConfig)]
    missing = [name for name in names if name not in stored.config]
    if missing:
        raise ValueError(f"{directory}/config.json lacks {', '.join(missing)}; copy it again or train the model anew")
    config = lstm_lm.LstmConfig(**{name: stored.config[name] for name in names})
    forward, init = lstm_lm.build(config)
    params = checkpoints.restore(directory, jax.eval_shape(init, jax.random.key(0)))
    linear = {"logits": f"lstm{config.layers - 1}/hidden"}
    return Model(
        forward,
        params,
        stored.vocabulary,
        linear,
        config,
        symbol=config.symbol,
        head="next word",
        scores="logits",
        step=lstm_lm.step,
        initial_state=lambda batch, room: lstm_lm.initial_state(config, batch),  # its state is of one size
        source=str(directory),
    )
