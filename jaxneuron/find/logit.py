"""Gradient ascent on unbounded word weights: any real mixture of word vectors is allowed.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.2: the weakest relaxation, because nothing keeps the weights
near a single word.
"""

from typing import Any

import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.find import _ascent, _words
from jaxneuron.types import Forward, Found, Params, Target, Tokens

POERNER2018: dict[str, Any] = {
    "steps": 200_000,
    "learning_rate": 1e-3,
    "epoch": 200,
    "patience": 100,
    "keep": "epoch",
}


def find(
    key: Array,
    forward: Forward,
    params: Params,
    targets: Target,
    ngrams: Tokens,
    candidates: Bool[Any, "vocab"],
    *,
    steps: int = 200_000,
    restarts: int = 1,
    learning_rate: float = 1e-3,
    epoch: int = 200,
    patience: int | None = 100,
    keep: str = "epoch",
    start: Tokens | None = None,
    k: int = 1,
    budget: int = BUDGET,
    progress: Progress | None = None,
    mesh: Mesh | None = None,
) -> Found:
    """Maximise `f(X M)` over the weights `X[time, vocab]`; a row's word is its argmax.

    Args:
        key: the random key.
        forward: the model.
        params: its weights.
        targets: stacked targets.
        ngrams: `[ngram, time]`; only their width matters here.
        candidates: the words an n-gram may be made of.
        steps: steps of Adam, rounded up to whole epochs.
        restarts: independent searches per target.
        learning_rate: Adam's.
        epoch: steps between two looks at `patience` and two calls of `progress`.
        patience: epochs without a better epoch-mean of the discrete score before a target stops; None never stops.
        keep: "step" keeps the best discrete inputs of all steps, "epoch" those at the end of the epochs with the best
            mean (the paper's code).
        start: n-grams to start from, `[target, k, time]`, one per restart; restarts beyond them start at random.
        k: how many n-grams to keep per target.
        budget: bytes of working memory.
        progress: called with (epochs done, epochs in all).
        mesh: devices that share the targets.

    Returns:
        The best n-grams, best first.

    Raises:
        KeyError, ValueError: an unknown site, a unit out of range, no candidates, or starts that do not fit.
    """
    warm, still = jnp.float32(1), jnp.float32(0)
    values = _ascent.Values(jnp.asarray(candidates), None, jnp.float32(learning_rate), warm, still, warm)
    return _ascent.ascend(
        key,
        forward,
        params,
        targets,
        ngrams,
        _ascent.Method(_words.start, _relax, _words.discretise),
        values,
        _ascent.Shape(epoch, 1, keep),
        steps=steps,
        restarts=restarts,
        patience=patience,
        start=start,
        k=k,
        row_bytes=4 * ngrams.ids.shape[1] * len(candidates),
        budget=budget,
        progress=progress,
        mesh=mesh,
    )


def _relax(
    key: Array, x: Float[Array, "restart time vocab"], temperature: Array, values: _ascent.Values, samples: int
) -> _ascent.Relaxed:
    return _ascent.Relaxed(_words.full(jnp.where(jnp.broadcast_to(values.candidates, x.shape), x, 0.0)), {}, None)
