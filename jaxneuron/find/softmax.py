"""Gradient ascent on word distributions: positive weights that sum to one, but may stay smooth.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2.

Cost:
    Four passes in each step and restart for each target, for up to 200,000 steps.

Fails:
    Distributions may stay mixtures, of which the heaviest words do less than the mixture did; `gumbel_softmax` anneals
    that away.

Peers:
    The authors' code, whose settings are the default.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import softmax

    settings = softmax.POERNER2018._replace(steps=60, epoch=20, learning_rate=0.1)
    found = softmax.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    print(found.score.shape, bool((found.proximity <= 1).all()))
    #: (2, 1) True
"""

import jax
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
    return _climb.Relaxed(_words.full(jax.nn.softmax(_words.allowed(x, values), axis=-1)), {}, None)


find = _ascent.method(
    "Maximise `f(P M)` with `p_t = softmax(x_t)` over `x[time, vocab]`; a row's word is its argmax.",
    _words.start,
    _relax,
    _words.discretise,
    POERNER2018,
)
