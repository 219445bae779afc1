"""An encoder-decoder that is trained from scratch on pairs of sentences, and what it writes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from jaxneuron.corpora import vocabulary
from jaxneuron.corpora.vocabulary import BEG, END
from jaxneuron.studies.running import Report
from jaxneuron.studies.translation.presets import Preset
from jaxneuron.types import Edit, Forward, Params, Site, Tokens, Translation, Vocabulary
from jaxneuron_models import checkpoints, encoder_decoder, encoder_decoder_writing
from jaxneuron_models.encoder_decoder_config import EncoderDecoderConfig
from jaxneuron_models.encoder_decoder_writing import Writing
from jaxneuron_models.train import Schedule, Sums, Task, train

LONGEST = 16
"""Words of a sentence at most."""

Pair = tuple[list[str], list[str]]
"""A sentence of each language."""


class Pupil(NamedTuple):
    """A model that translates."""

    forward: Forward
    params: Params
    config: EncoderDecoderConfig
    vocabularies: tuple[Vocabulary, Vocabulary]

    def source(self, sentences: Sequence[Sequence[str]]) -> Tokens:
        """Return sentences of the first language as the model reads them."""
        return vocabulary.encode(self.vocabularies[0], sentences, length=LONGEST)

    def write(self, source: Tokens, edits: Mapping[Site, Edit] | None = None) -> list[list[str]]:
        """Return the likeliest words, one after the other, while sites of the encoder are edited."""
        rules, key = Writing(BEG, end=END), jax.random.key(0)
        found = encoder_decoder_writing.write(
            key, self.config, self.params, rules, source, edits, length=LONGEST, temperature=0.0
        )
        words = self.vocabularies[1].words
        rows = zip(np.asarray(found.tokens.ids), np.asarray(found.tokens.mask), strict=True)
        return [[words[one] for one in ids[mask] if one not in (BEG, END)] for ids, mask in rows]


def fit(key: Array, pairs: Sequence[Pair], dev: Sequence[Pair], place: Path, preset: Preset, report: Report) -> Pupil:
    """Train a model, or go on where a stopped run left it.

    Args:
        key: of the weights and the order of the sentences.
        pairs: sentences to train on.
        dev: sentences to stop by.
        place: the folder of the model.
        preset: its size, and how long it is trained.
        report: what is being done -> a progress callback.
    """
    english, other = ([pair[side] for pair in (*pairs, *dev)] for side in (0, 1))
    known = vocabulary.build(english), vocabulary.build(other)
    sizes = {"vocabulary": len(known[0].words), "target_vocabulary": len(known[1].words)}
    config = EncoderDecoderConfig(
        **sizes, shared=False, norm_first=True, head="language", longest=LONGEST + 1, **preset.network
    )
    forward, init = encoder_decoder.build(config)
    train_rows, dev_rows = (_encoded(rows, known) for rows in (pairs, dev))
    seed = int(jax.random.bits(key) >> 1)

    def epoch(number: int) -> list[np.ndarray]:
        order = np.random.default_rng((seed, number)).permutation(len(pairs))
        return [order[first : first + preset.batch] for first in range(0, len(pairs) - preset.batch + 1, preset.batch)]

    def loss(params: Params, batch: Translation, key: Array) -> tuple[Float[Array, ""], Sums]:
        nats, asked = _nats(forward, params, batch)
        total, count = jnp.sum(nats), jnp.sum(asked)
        return total / count, {"loss": (total, count)}

    steps = preset.epochs * len(epoch(0))
    rate = optax.warmup_cosine_decay_schedule(0.0, preset.learning_rate, min(100, steps // 10 + 1), steps)
    task = Task(
        init=init,
        loss=loss,
        batches=epoch,
        load=lambda rows: jax.tree.map(lambda leaf: leaf[rows], train_rows),
        dev=lambda: [jax.tree.map(lambda leaf: leaf[: preset.batch], dev_rows)],
        optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=0.01)),
        learning_rate=preset.learning_rate,
    )
    schedule = Schedule(epochs=preset.epochs, batch=preset.batch, learning_rate=preset.learning_rate)
    with checkpoints.begun(place, "encoder_decoder", config.__dict__, known[0]):
        params = train(key, task, place, schedule, progress=report("train an encoder-decoder")).params
    return Pupil(forward, params, config, known)


def _encoded(pairs: Sequence[Pair], known: tuple[Vocabulary, Vocabulary]) -> Translation:
    """Return pairs as the model reads them; the target begins with the word that the decoder starts from."""
    source = vocabulary.encode(known[0], [one for one, _ in pairs], length=LONGEST)
    begun = [[known[1].words[BEG], *two] for _, two in pairs]
    return Translation(source, vocabulary.encode(known[1], begun, length=LONGEST))


def _nats(forward: Forward, params: Params, batch: Translation) -> tuple[Array, Array]:
    """Return the nats of each next word of the target, the one that ends it too, and where there is one."""
    ids, mask = jnp.asarray(batch.target.ids), jnp.asarray(batch.target.mask)
    follows = jnp.pad(mask[:, 1:], [(0, 0), (0, 1)])
    wanted = jnp.where(follows, jnp.pad(ids[:, 1:], [(0, 0), (0, 1)]), END)
    output: Any = forward(params, batch, {})[0]
    return optax.softmax_cross_entropy_with_integer_labels(output.logits, wanted) * mask, mask
