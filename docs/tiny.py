"""The model of the examples: words, mixed with those before them, an MLP, a norm and a head, written on one screen.

It has learnt nothing: its weights are drawn at random. What is asked of it is asked of any model in the same words.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.intervene.interchange import Counterfactuals
from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens

WORDS = ("the", "a", "dog", "cat", "barks", "sleeps", "loudly", "happily")
WIDTH, HIDDEN = 8, 16

_keys = jax.random.split(jax.random.key(0), 4)
_shapes = {
    "table": (len(WORDS), WIDTH),
    "inward": (WIDTH, HIDDEN),
    "outward": (HIDDEN, WIDTH),
    "head": (WIDTH, len(WORDS)),
}
params = {name: jax.random.normal(key, shape) for (name, shape), key in zip(_shapes.items(), _keys, strict=True)}


def step(params, state, ids, edits):
    """Read on from a state: two sums over the words so far, and how many they are."""
    first, second, count = state
    tap, time = Tap(edits), count + jnp.arange(ids.shape[1])

    def mixed(value, total):  # each word with the mean of all up to it
        summed = total[:, None] + jnp.cumsum(value, axis=1)
        return value + summed / (1 + time)[None, :, None], summed[:, -1]

    words = tap("embed/word", lookup(params["table"], ids), time)
    stream, first = mixed(words, first)
    stream = tap("stream", stream, time)
    hidden = tap("mlp/hidden", jax.nn.relu(stream @ params["inward"]), time)
    block = tap("mlp", hidden @ params["outward"], time)
    residual, second = mixed(stream + block, second)
    residual = tap("residual", residual, time)
    final = tap("norm", residual * jax.lax.rsqrt(jnp.mean(residual**2, axis=-1, keepdims=True) + 1e-6), time)
    return final @ params["head"], tap.activations(), (first, second, count + ids.shape[1])


def begin(batch):
    """Return the state before the first word."""
    nothing = jnp.zeros((batch, WIDTH))
    return nothing, nothing, jnp.zeros((), int)


def forward(params, tokens, edits):
    """Read texts from their beginning."""
    output, activations, _ = step(params, begin(len(tokens.mask)), tokens.ids, edits)
    return output, activations


def read(*sentences):
    """Return sentences of equal length as tokens."""
    ids = np.array([[WORDS.index(word) for word in sentence.split()] for sentence in sentences])
    return Tokens(ids, np.ones(ids.shape, bool))


texts = read("the dog barks loudly", "a cat sleeps happily", "the cat barks happily", "a dog sleeps loudly")
"""Four texts of four words."""

pairs = Counterfactuals(
    read("the dog barks", "the cat sleeps", "a dog barks", "a cat sleeps"),
    read("the cat sleeps", "the dog barks", "a cat sleeps", "a dog barks"),
    np.array([[5, 4], [4, 5], [5, 4], [4, 5]]),
)
"""Texts, others that differ in the animal, and what must be answered if the animal is theirs."""

grams = read("the dog barks", "the cat sleeps", "a cat barks", "cat sleeps happily")
"""Four n-grams of three words."""

candidates = np.ones(len(WORDS), bool)
"""The words that a search may use: all of them."""

units = Unit("mlp/hidden", jnp.arange(2))
"""The first two units of the hidden layer, at the last word."""

labels = np.arange(60) % 2
"""What is known of sixty tokens: one of two classes."""

activations = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
activations[:, 1] += 4 * labels
"""Four units at these tokens, of which the second tells the class."""
