"""A model in Flax nnx: `--model flax_model:load`."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
from flax import nnx

from jaxneuron.tap import Tap, lookup


class Net(nnx.Module):
    def __init__(self, words, width, *, rngs):
        self.table = nnx.Embed(words, width, rngs=rngs)
        self.inward = nnx.Linear(width, 4 * width, rngs=rngs)
        self.outward = nnx.Linear(4 * width, words, rngs=rngs)

    def __call__(self, tokens, edits):
        tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
        word = tap("embed/word", lookup(self.table.embedding[...], tokens.ids), time)
        hidden = tap("hidden", jax.nn.gelu(self.inward(word)), time)
        return self.outward(hidden), tap.activations()


def load():
    words = ["<unk>", "the", "dog", "barks"]
    graph, params = nnx.split(Net(len(words), 8, rngs=nnx.Rngs(0)))

    def forward(params, tokens, edits):
        return nnx.merge(graph, params)(tokens, edits)

    return SimpleNamespace(forward=forward, params=params, vocabulary=words, head="next word")
