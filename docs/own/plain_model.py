"""A model in plain JAX: `--model plain_model:load`."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp

from jaxneuron.tap import Tap, lookup


def forward(params, tokens, edits):
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    word = tap("embed/word", lookup(params["table"], tokens.ids), time)

    def step(state, now):  # inside a recurrence an edit acts at every step
        word, mask, time = now
        new = tap.edit("hidden", jnp.tanh(word + state @ params["recur"]), time)
        state = jnp.where(mask[:, None], new, state)  # held through padding
        return state, state

    first, along = jnp.zeros_like(word[:, 0]), (word.swapaxes(0, 1), jnp.asarray(tokens.mask).T, time)
    hidden = jax.lax.scan(step, first, along)[1].swapaxes(0, 1)
    tap.record("hidden", hidden)
    return hidden @ params["table"].T, tap.activations()


def load():
    words, (one, two) = ["<unk>", "the", "dog", "barks"], jax.random.split(jax.random.key(0))
    params = {"table": jax.random.normal(one, (4, 8)), "recur": 0.3 * jax.random.normal(two, (8, 8))}
    return SimpleNamespace(forward=forward, params=params, vocabulary=words, head="next word")
