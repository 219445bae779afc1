"""A model in Equinox: `--model equinox_model:load`."""

from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp

from jaxneuron.tap import Tap, lookup


class Net(eqx.Module):
    table: eqx.nn.Embedding
    inward: eqx.nn.Linear
    outward: eqx.nn.Linear

    def __call__(self, tokens, edits):
        tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
        each = lambda layer, value: jax.vmap(jax.vmap(layer))(value)  # a text of each batch, a word of each text
        word = tap("embed/word", lookup(self.table.weight, tokens.ids), time)
        hidden = tap("hidden", jax.nn.gelu(each(self.inward, word)), time)
        return each(self.outward, hidden), tap.activations()


def load():
    words, (one, two, three) = ["<unk>", "the", "dog", "barks"], jax.random.split(jax.random.key(0), 3)
    layers = eqx.nn.Embedding(4, 8, key=one), eqx.nn.Linear(8, 32, key=two), eqx.nn.Linear(32, 4, key=three)
    params, rest = eqx.partition(Net(*layers), eqx.is_array)

    def forward(params, tokens, edits):
        return eqx.combine(params, rest)(tokens, edits)

    return SimpleNamespace(forward=forward, params=params, vocabulary=words, head="next word")
