"""Gradient ascent on unbounded word weights: any real mixture of word vectors is allowed.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2: the weakest relaxation, because nothing keeps the weights
near a single word.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.find import _ascent, _climb, _words
from jaxneuron.find._ascent import Settings as Settings

POERNER2018 = Settings()


def _relax(
    key: Array,
    x: Float[Array, "restart time vocab"],
    temperature: Float[Array, ""],
    values: _climb.Values,
    shape: _climb.Shape,
) -> _climb.Relaxed:
    return _climb.Relaxed(_words.full(jnp.where(jnp.broadcast_to(values.candidates, x.shape), x, 0.0)), {}, None)


find = _ascent.method(
    "Maximise `f(X M)` over the weights `X[time, vocab]`; a row's word is its argmax.",
    _words.start,
    _relax,
    _words.discretise,
    POERNER2018,
)
