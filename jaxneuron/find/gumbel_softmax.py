"""Gradient ascent on word distributions with Gumbel noise, annealed until each sample is nearly a real word.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2, with the settings of their code as defaults
(`POERNER2018`). `FAST` reaches the same activation for a small part of the compute: a learning rate 2,000 times as
high, restarts instead of samples, a faster schedule, and every argmax of a noisy sample competes as a discrete input
too (`benchmarks/RESULTS.md` has the sweep).

Cost:
    `3 * samples + 1` passes in each step and restart, and as many as there are samples if they are harvested: 193 with
    the paper's 64, for up to 200,000 steps of each target; 2,400 in all with `FAST`.

Fails:
    A learning rate or a cooling that is too slow leaves distributions that are no words (`Found.proximity` below 1).
    Local optima: more restarts, or `best`.

Peers:
    The authors' code, whose settings are the default and whose floor of 1e-7 is kept.

Example:
    import jax
    from docs.tiny import candidates, forward, grams, params, units
    from jaxneuron.find import corpus, gumbel_softmax

    settings = gumbel_softmax.FAST
    found = gumbel_softmax.find(jax.random.key(0), forward, params, units, grams, candidates, settings=settings)
    seen = corpus.find(None, forward, params, units, grams, candidates)
    print(bool((found.score >= seen.score).all()))
    #: True
"""

from jaxtyping import Array, Float

from jaxneuron.find import _ascent, _climb, _gumbel, _words
from jaxneuron.find._gumbel import Settings as Settings

POERNER2018 = Settings()

FAST = _gumbel.FAST


def _relax(
    key: Array,
    x: Float[Array, "restart time vocab"],
    temperature: Float[Array, ""],
    values: _climb.Values,
    shape: _climb.Shape,
) -> _climb.Relaxed:
    words = _gumbel.noisy(key, x, temperature, values, shape.samples)
    return _climb.Relaxed(_words.full(words), {}, _words.heaviest(words) if shape.harvest else None)


find = _ascent.method(
    "Maximise `f(P M)`, with `p_t = softmax((log softmax(x_t) + g_t) / temperature)` and Gumbel noise `g_t`, over `x`.",
    _words.start,
    _relax,
    _words.discretise,
    POERNER2018,
    noise=_gumbel.noise,
)
