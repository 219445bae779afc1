"""Models that write: the tiny recurrence a few symbols at a time, and a tiny transformer with its cache."""

import jax
import jax.numpy as jnp

from jaxneuron.tap import Tap, lookup
from jaxneuron_models import transformer, transformer_step
from tests import tiny

CONFIG = transformer.TransformerConfig(tiny.VOCAB, width=8, blocks=1, heads=2, longest=16)
FORWARD, INIT = transformer.build(CONFIG)
attentive = transformer_step.build(CONFIG)


def recurrent(params, state, ids, edits):
    """Read on as `tiny.recurrent` does from the beginning; the output is the scores of the words."""
    tap, (hidden, length) = Tap(edits), state
    time = length + jnp.arange(ids.shape[1])
    embed = tap("embed", tap("embed/word", lookup(params["table"], ids), time), time)
    seen = []
    for place in range(ids.shape[1]):
        hidden = tap.edit("hidden", jnp.tanh(embed[:, place] + 0.5 * hidden @ params["recur"]), time[place])
        seen.append(hidden)
    tap.record("hidden", jnp.stack(seen, axis=1))
    output = tap("projection", tiny.project(params, jnp.stack(seen, axis=1)), time)
    return output, tap.activations(), (hidden, length + ids.shape[1])


def words(output, activations):
    """Return the scores of the words of the tiny recurrence, whose last unit is none."""
    return output[..., : tiny.VOCAB]


def start(batch):
    """Return the recurrence's state before a text."""
    return jnp.zeros((batch, tiny.VOCAB + 1)), jnp.int32(0)


def cache(batch):
    """Return the transformer's state before a text."""
    return transformer_step.initial_state(CONFIG, batch, 16)


def attentive_weights():
    """Return weights of the transformer that prefer some words to others."""
    return jax.tree.map(lambda leaf: 10 * leaf if leaf.ndim > 1 else leaf, INIT(jax.random.key(1)))
