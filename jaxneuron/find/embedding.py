"""Gradient ascent on the word vectors themselves; the n-gram is made of the nearest real words.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.1: as Simonyan et al. 2014 treat images. Nothing keeps the
vectors near real words; the paper reports a mean cosine of 0.24 to the nearest one (`Found.proximity`).

Cost:
    Four passes in each step and restart (a gradient counts as three, the score of the nearest words as one), for each
    target, until the patience runs out: at most 20,000 steps.

Fails:
    The vectors end far from all words (`Found.proximity` of 0.2 to 0.3), so that the words nearest to them often score
    less than a corpus has.

Peers:
    The authors' code; the same steps and settings, batched over targets.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import embedding

    settings = embedding.POERNER2018._replace(steps=60, learning_rate=0.1)
    found = embedding.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    print(found.tokens.ids.shape, bool((found.proximity < 1).all()))  # vectors near words, but no words
    #: (2, 1, 3) True
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.edits import Replace
from jaxneuron.find import _ascent, _climb
from jaxneuron.find._ascent import Settings as Settings
from jaxneuron.find._best import Words
from jaxneuron.split import below
from jaxneuron.types import Forward, Params, Tokens

POERNER2018 = Settings(steps=20_000, epoch=20, patience=25)


def word_vectors(forward: Forward, params: Params, vocab: int) -> Float[Array, "vocab unit"]:
    """Return the vector of each word: the site `embed/word` on texts of one word.

    Args:
        forward: the model.
        params: its weights.
        vocab: words of its vocabulary.
    """
    words = Tokens(jnp.arange(vocab)[:, None], jnp.ones((vocab, 1), bool))
    return _vectors(params, words, forward=forward)[:, 0]


@functools.partial(jax.jit, static_argnames="forward")
def _vectors(params: Params, words: Tokens, *, forward: Forward) -> Float[Array, "vocab 1 unit"]:
    return below(forward, params, "embed/word")(words)


def _start(key: Array, ngrams: Tokens, values: _climb.Values) -> Float[Array, "restart time unit"]:
    vectors = values.table[ngrams.ids]
    drawn = jax.random.uniform(key, vectors.shape, minval=-0.05, maxval=0.05)
    return jnp.where(ngrams.mask[..., None], vectors, drawn)


def _relax(
    key: Array,
    x: Float[Array, "restart time unit"],
    temperature: Float[Array, ""],
    values: _climb.Values,
    shape: _climb.Shape,
) -> _climb.Relaxed:
    any_word = jnp.zeros(x.shape[:2], jnp.int32)
    return _climb.Relaxed(Tokens(any_word, jnp.ones(x.shape[:2], bool)), {"embed/word": Replace(x)}, None)


def _discretise(x: Float[Array, "restart time unit"], values: _climb.Values) -> Words:
    cosine = _unit(x) @ _unit(values.table).T
    cosine = jnp.where(jnp.broadcast_to(values.candidates, cosine.shape), cosine, -2.0)
    return Words(jnp.argmax(cosine, axis=-1).astype(jnp.int32), jnp.mean(jnp.max(cosine, axis=-1), axis=-1))


def _unit(x: Float[Array, "*batch unit"]) -> Float[Array, "*batch unit"]:
    return x / jnp.maximum(jnp.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


find = _ascent.method(
    "Maximise `f(E)` over the word vectors `E[time, unit]`; a position's word is the nearest by cosine.",
    _start,
    _relax,
    _discretise,
    POERNER2018,
    table=word_vectors,
)
