"""Two models small enough to check by eye, as a user would write them: pure forwards over a Tap.

Both have a width of `VOCAB + 1`: word j drives unit j, the others inhibit it, and the last unit is dead. Weak noise
keeps ties away.
"""

import jax
import jax.numpy as jnp

from jaxneuron.tap import Tap, lookup

VOCAB = 8
DEAD = VOCAB
"""The index of the unit that nothing moves."""


def bag_of_words(params, tokens, edits):
    """Add the words up; the output is a projection of the sum."""
    tap = Tap(edits)
    time, sentence = jnp.arange(tokens.mask.shape[-1]), jnp.zeros(1, jnp.int32)
    word = tap("embed/word", lookup(params["table"], tokens.ids), time)
    embed = tap("embed", word, time)
    bag = tap("bag", jnp.sum(embed * tokens.mask[..., None], axis=-2, keepdims=True), sentence)
    output = tap("projection", project(params, bag), sentence)
    return output, tap.activations()


def recurrent(params, tokens, edits):
    """Run a tanh recurrence that holds its state through padding; the output is a projection of each state."""
    tap = Tap(edits)
    time = jnp.arange(tokens.mask.shape[-1])
    embed = tap("embed", tap("embed/word", lookup(params["table"], tokens.ids), time), time)

    def step(hidden, now):
        embed, mask, time = now
        new = tap.edit("hidden", jnp.tanh(embed + 0.5 * hidden @ params["recur"]), time)
        hidden = jnp.where(mask[..., None], new, hidden)
        return hidden, hidden

    first = jnp.zeros_like(embed[..., 0, :])
    _, hidden = jax.lax.scan(step, first, (embed.swapaxes(0, -2), tokens.mask.swapaxes(0, -1), time))
    hidden = hidden.swapaxes(0, -2)
    tap.record("hidden", hidden)
    output = tap("projection", project(params, hidden), time)
    return output, tap.activations()


def project(params, value):
    """Map units to units; affine."""
    bias = params["bias"]
    return value @ params["weights"] + jnp.broadcast_to(bias, (*value.shape[:-1], bias.shape[-1]))


def planted(key):
    """Return weights that serve both models: word j drives unit j, and nothing moves the last unit."""
    table, recur, weights = jax.random.split(key, 3)
    width = VOCAB + 1
    alive = jnp.where(jnp.arange(width) == DEAD, 0.0, 1.0)[None]
    return {
        "table": (jnp.eye(VOCAB, width) - 0.2 + 0.05 * jax.random.normal(table, (VOCAB, width))) * alive,
        "recur": (jnp.eye(width) + 0.05 * jax.random.normal(recur, (width, width))) * alive,
        "weights": (jnp.eye(width) + 0.05 * jax.random.normal(weights, (width, width))) * alive,
        "bias": jnp.linspace(0.0, 0.5, width),
    }
