"""Gradient ascent on unbounded word weights: any real mixture of word vectors is allowed.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2: the weakest relaxation, because nothing keeps the weights
near a single word.

Cost:
    Four passes in each step and restart for each target, for up to 200,000 steps.

Fails:
    Nothing keeps the weights near a word: the relaxed score grows without bound while its argmax stays what it was.

Peers:
    The authors' code, whose settings are the default.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import logit

    settings = logit.POERNER2018._replace(steps=60, epoch=20, learning_rate=0.1)
    found = logit.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    print(found.trace.shape)  # the best discrete score of each target after each epoch
    #: (2, 3)
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
