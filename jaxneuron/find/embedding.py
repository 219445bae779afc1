"""Gradient ascent on the word vectors themselves; the n-gram is made of the nearest real words.

Poerner, Roth, Schuetze 2018 (arXiv 1809.07291), section 2.1: as Simonyan et al. 2014 treat images. Nothing keeps the
vectors near real words; the paper reports a mean cosine of 0.24 to the nearest one (`Found.proximity`).
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float

from jaxneuron.batching import BUDGET, Progress
from jaxneuron.edits import Replace
from jaxneuron.find import _ascent
from jaxneuron.find._best import Words
from jaxneuron.split import below
from jaxneuron.types import Forward, Found, Params, Target, Tokens

POERNER2018: dict[str, Any] = {
    "steps": 20_000,
    "learning_rate": 1e-3,
    "epoch": 20,
    "patience": 25,
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
    steps: int = 20_000,
    restarts: int = 1,
    learning_rate: float = 1e-3,
    epoch: int = 20,
    patience: int | None = 25,
    keep: str = "epoch",
    start: Tokens | None = None,
    k: int = 1,
    budget: int = BUDGET,
    progress: Progress | None = None,
    mesh: Mesh | None = None,
) -> Found:
    """Maximise `f(E)` over the word vectors `E[time, unit]`; a position's word is the nearest by cosine.

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
    values = _ascent.Values(
        jnp.asarray(candidates),
        word_vectors(forward, params, len(candidates)),
        jnp.float32(learning_rate),
        warm,
        still,
        warm,
    )
    return _ascent.ascend(
        key,
        forward,
        params,
        targets,
        ngrams,
        _ascent.Method(_start, _relax, _discretise),
        values,
        _ascent.Shape(epoch, 1, keep),
        steps=steps,
        restarts=restarts,
        patience=patience,
        start=start,
        k=k,
        row_bytes=4 * ngrams.ids.shape[1] * values.table.shape[1],
        budget=budget,
        progress=progress,
        mesh=mesh,
    )


def word_vectors(forward: Forward, params: Params, vocab: int) -> Float[Array, "vocab unit"]:
    """Return the vector of each word: the site `embed/word` on texts of one word."""
    words = Tokens(jnp.arange(vocab)[:, None], jnp.ones((vocab, 1), bool))
    return _vectors(params, words, forward=forward)[:, 0]


@functools.partial(jax.jit, static_argnames="forward")
def _vectors(params: Params, words: Tokens, *, forward: Forward) -> Float[Array, "vocab 1 unit"]:
    return below(forward, params, "embed/word")(words)


def _start(key: Array, ngrams: Tokens, values: _ascent.Values) -> Float[Array, "restart time unit"]:
    vectors = values.table[ngrams.ids]
    drawn = jax.random.uniform(key, vectors.shape, minval=-0.05, maxval=0.05)
    return jnp.where(ngrams.mask[..., None], vectors, drawn)


def _relax(
    key: Array, x: Float[Array, "restart time unit"], temperature: Array, values: _ascent.Values, samples: int
) -> _ascent.Relaxed:
    any_word = jnp.zeros(x.shape[:2], jnp.int32)
    return _ascent.Relaxed(Tokens(any_word, jnp.ones(x.shape[:2], bool)), {"embed/word": Replace(x)}, None)


def _discretise(x: Float[Array, "restart time unit"], values: _ascent.Values) -> Words:
    cosine = _unit(x) @ _unit(values.table).T
    cosine = jnp.where(jnp.broadcast_to(values.candidates, cosine.shape), cosine, -2.0)
    return Words(jnp.argmax(cosine, axis=-1).astype(jnp.int32), jnp.mean(jnp.max(cosine, axis=-1), axis=-1))


def _unit(x: Float[Array, "*batch unit"]) -> Float[Array, "*batch unit"]:
    return x / jnp.maximum(jnp.linalg.norm(x, axis=-1, keepdims=True), 1e-12)
