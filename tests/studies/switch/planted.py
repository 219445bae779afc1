"""A model by hand: one unit is the number of a text's first noun, one its time, ten are topics, the rest is noise."""

from collections import defaultdict
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.corpora import agreement
from jaxneuron.tap import Tap, lookup
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models.model import Model

TOPICS = list(agreement.TOPICS.topics)
NUMBER, TENSE, FIRST = 0, 1, 2
UNITS = 2 + len(TOPICS) + 4


def features():
    """Return the words, what each says of a text, and what a text says of each."""
    said, asked = defaultdict(lambda: np.zeros(UNITS)), defaultdict(lambda: np.zeros(UNITS))
    for lexicon in (agreement.TOPICS, agreement.COMMON):
        for cue, tense in ((word, side) for side, words in enumerate(lexicon.cues) for word in words):
            said[cue][TENSE] = 2 * tense - 1
        for name, topic in lexicon.topics.items():
            for noun in topic.nouns:
                for number, word in enumerate(noun):
                    said[word][NUMBER] = 2 * number - 1
            for verb in topic.verbs:
                for tense, forms in enumerate(verb):
                    for number, word in enumerate(forms):
                        asked[word][NUMBER] += (2 * number - 1) / forms.count(word)
                        asked[word][TENSE] = 2 * tense - 1
            for word in lexicon.words(name) if name in TOPICS else ():
                said[word][FIRST + TOPICS.index(name)] = 1
                asked[word][FIRST + TOPICS.index(name)] = 1
    words = ["<pad>", "<unk>", "the", "in", "near", "that", *agreement.TOPICS.adjectives, *sorted({*said, *asked})]
    table = np.stack([said[word] for word in words])
    table[:, -4:] = np.random.default_rng(0).normal(size=(len(words), 4))
    return words, table.astype(np.float32), np.stack([asked[word] for word in words]).astype(np.float32)


class Output(NamedTuple):
    """What it predicts."""

    logits: jax.Array


def read_on(params, state, ids, edits, mask=None):
    """Remember the first number and the last time and topic."""
    tap, (memory, length) = Tap(edits), state
    time = length + jnp.arange(ids.shape[1])
    embed = tap("embed", tap("embed/word", lookup(params["table"], jnp.asarray(ids)), time), time)
    mask = jnp.ones(ids.shape, bool) if mask is None else jnp.asarray(mask)

    def step(memory, now):
        embed, here, time = now
        number = jnp.where(memory[:, :1] == 0, embed[:, :1], memory[:, :1])
        rest = jnp.where(embed[:, 1:-4] == 0, memory[:, 1:-4], embed[:, 1:-4])
        new = tap.edit("memory/hidden", jnp.concatenate([number, rest, embed[:, -4:]], 1), time)
        memory = jnp.where(here[:, None], new, memory)
        return memory, memory

    memory, seen = jax.lax.scan(step, memory, (embed.swapaxes(0, 1), mask.T, time))
    tap.record("memory/hidden", seen.swapaxes(0, 1))
    logits = tap("logits", 3 * seen.swapaxes(0, 1) @ params["asked"].T, time)
    return Output(logits), tap.activations(), (memory, length + ids.shape[1])


def start(batch, room=0):
    """Return the state before a text."""
    return jnp.zeros((batch, UNITS)), jnp.int32(0)


def forward(params, tokens: Tokens, edits):
    """Read a text from its beginning."""
    output, activations, _ = read_on(params, start(len(tokens.mask)), tokens.ids, edits, tokens.mask)
    return output, activations


def load():
    """Return the model."""
    words, table, asked = features()
    params = {"table": jnp.asarray(table), "asked": jnp.asarray(asked)}
    vocabulary = Vocabulary(tuple(words), np.zeros(len(words), np.int64))
    return Model(
        forward,
        params,
        vocabulary,
        {"logits": "memory/hidden"},
        head="next word",
        scores="logits",
        step=read_on,
        initial_state=start,
    )


def foreign():
    """Return a model of other words than English ones."""
    words = tuple(f"w{number}" for number in range(len(features()[0])))
    return load()._replace(vocabulary=Vocabulary(("<pad>", "<unk>", *words[2:]), np.zeros(len(words), np.int64)))


def headless():
    """Return a model that predicts nothing."""
    return load()._replace(head="none", step=None)
