"""What the methods that optimise word weights share: the start, and the word that a row of weights stands for."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.find._best import Words
from jaxneuron.find._climb import Values
from jaxneuron.types import Tokens

NEVER = -1e9
"""The weight of a word that is no candidate; finite, so that no gradient is 0 x inf."""


def start(key: Array, ngrams: Tokens, values: Values) -> Float[Array, "restart time vocab"]:
    """Draw U(-0.05, 0.05), as Keras does, and give the words to start from half of the softmax mass."""
    vocab = values.candidates.shape[0]
    x = jax.random.uniform(key, (*ngrams.ids.shape, vocab), minval=-0.05, maxval=0.05)
    head_start = jnp.log(jnp.float32(vocab)) * ngrams.mask[..., None]
    return x + head_start * jax.nn.one_hot(ngrams.ids, vocab)


def allowed(x: Float[Array, "*position vocab"], values: Values) -> Float[Array, "*position vocab"]:
    """Return the weights with those of non-candidates at `NEVER`."""
    return jnp.where(jnp.broadcast_to(values.candidates, x.shape), x, NEVER)


def discretise(x: Float[Array, "restart time vocab"], values: Values) -> Words:
    """Return the candidate of the highest weight at each position."""
    return heaviest(jax.nn.softmax(allowed(x, values), axis=-1))


def heaviest(words: Float[Array, "row time vocab"]) -> Words:
    """Return the words of the largest share, and that share, averaged over positions."""
    share = jnp.max(words, axis=-1, keepdims=True)
    # an argmax in two passes that XLA vectorises, unlike its own
    ids = jnp.broadcast_to(jnp.arange(words.shape[-1], dtype=jnp.int32), words.shape)
    first = jnp.min(jnp.where(words == share, ids, words.shape[-1] - 1), axis=-1)
    return Words(first, jnp.mean(share[..., 0], axis=-1))


def full(words: Float[Array, "row time vocab"]) -> Tokens:
    """Return soft words with no padding."""
    return Tokens(words, jnp.ones(words.shape[:-1], bool))
