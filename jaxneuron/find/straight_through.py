"""Gradient ascent through real words: the model reads the argmax of a noisy sample, the gradient is the soft sample's.

Bengio, Leonard, Courville 2013 (arXiv 1308.3432) for the estimator; Jang, Gu, Poole 2017 (arXiv 1611.01144) for that
with Gumbel noise. The model never reads a mixture of words, which it was not trained on; the price is a gradient that
is another function's. Settings and schedule are those of `gumbel_softmax`; every sample is a real n-gram, and competes.

Cost:
    Five passes in each step and restart with one sample: 4,800 for each target with `FAST`.

Fails:
    The gradient is another function's, so the search does not settle; keep the best of all steps, as `FAST` does, and
    look at the trace.

Peers:
    PEZ (Wen et al. 2023) projects onto words in the same way, for a model's loss.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import corpus, straight_through

    found = straight_through.find(jax.random.key(0), forward, params, units, grams, candidates)
    seen = corpus.find(None, forward, params, units, grams, candidates)
    print(bool((found.score >= seen.score).all()))
    #: True
"""

import jax
from jaxtyping import Array, Float

from jaxneuron.find import _ascent, _climb, _gumbel, _words
from jaxneuron.find._gumbel import Settings as Settings

FAST = _gumbel.FAST._replace(steps=240, learning_rate=1.0)


def _relax(
    key: Array,
    x: Float[Array, "restart time vocab"],
    temperature: Float[Array, ""],
    values: _climb.Values,
    shape: _climb.Shape,
) -> _climb.Relaxed:
    soft = _gumbel.noisy(key, x, temperature, values, shape.samples)
    drawn = _words.heaviest(jax.lax.stop_gradient(soft))
    hard = jax.nn.one_hot(drawn.ids, soft.shape[-1], dtype=soft.dtype)
    words = hard + soft - jax.lax.stop_gradient(soft)
    return _climb.Relaxed(_words.full(words), {}, drawn if shape.harvest else None)


find = _ascent.method(
    "Maximise `f` of one-hot rows, the argmax of a noisy `softmax(x_t)`, over `x`, with the gradient of the soft rows.",
    _words.start,
    _relax,
    _words.discretise,
    FAST,
    noise=_gumbel.noise,
)
