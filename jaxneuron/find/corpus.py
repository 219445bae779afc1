"""Corpus search: score every n-gram of a corpus and keep each target's best.

The baseline of Poerner et al. 2018 (their "crp"): each distinct n-gram is read alone, from a zero state, and scored
at its last word. The model runs once for all targets, and memory does not grow with the corpus.

Cost:
    One pass for each n-gram, for all targets together.

Fails:
    Finds nothing that the corpus does not have. N-grams that are read alone, from a zero state, do not show what a unit
    does deep in a text: give them in their sentences.

Peers:
    The authors' `crp`, with the same results; exemplars as Ecco, Neuroscope or Neuronpedia show them are the places of
    a text instead, which is what `jaxneuron neuron` and the atlas give.

Example:
    from docs.tiny import WORDS, candidates, forward, grams, params, units
    from jaxneuron.find import corpus

    found = corpus.find(None, forward, params, units, grams, candidates, k=2)
    print(found.tokens.ids.shape, found.step[0].tolist())  # target, k, word; and which rows of the corpus they are
    #: (2, 2, 3) [0, 1]
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool

from jaxneuron import batching
from jaxneuron.batching import BUDGET, Progress
from jaxneuron.find._best import marked
from jaxneuron.find._check import check
from jaxneuron.tap import sites
from jaxneuron.types import Forward, Found, Params, Target, Tokens


def find(
    key: Array | None,
    forward: Forward,
    params: Params,
    targets: Target,
    ngrams: Tokens,
    candidates: Bool[Any, "vocab"],
    *,
    k: int = 1,
    budget: int = BUDGET,
    progress: Progress | None = None,
    mesh: Mesh | None = None,
) -> Found:
    """Find the `k` best n-grams of the corpus for each target.

    Args:
        key: not used: nothing is random here.
        forward: the model.
        params: its weights.
        targets: stacked targets.
        ngrams: host arrays `[ngram, time]`, distinct (`corpora.ngrams.unique`), alone or in their sentences.
        candidates: the words an n-gram may be made of; others are left out.
        k: how many to keep per target.
        budget: bytes of working memory.
        progress: called with (n-grams scored, all n-grams).
        mesh: devices that share each chunk of n-grams.

    Returns:
        The best n-grams, best first; `step` is the row in `ngrams`, the trace is empty. An n-gram whose score is not a
        number never wins; a target that has no other is NaN.

    Raises:
        KeyError, ValueError: an unknown site, a unit out of range, or no n-gram made of candidates.
    """
    del key
    total = check(forward, params, targets, ngrams, candidates, k=k)
    ids, mask = np.asarray(ngrams.ids), np.asarray(ngrams.mask)
    allowed = np.where(mask, np.asarray(candidates)[ids], True).all(axis=1) & mask.any(axis=1)
    if not allowed.any():
        raise ValueError("no n-gram of the corpus is made of candidate words alone; allow more words")

    width = ids.shape[1]
    units = sum(shape.shape[-1] * width for shape in sites(forward, params, Tokens(*(_row(ids), _row(mask)))).values())
    chunk = batching.chunk_size(4 * (units + 2 * total), len(ids), budget, mesh)
    start = (jnp.full((total, k), -jnp.inf), jnp.full((total, k), -1, jnp.int32))
    targets, params, start = batching.replicate((targets, params, start), mesh)
    update = functools.partial(_update, targets, params, forward=forward)
    score, row = batching.fold_rows(update, start, ids, mask, allowed, chunk=chunk, mesh=mesh, progress=progress)
    found = np.maximum(np.asarray(row), 0)
    tokens, work = Tokens(ids[found], mask[found]), jnp.full(total, len(ids) / total)
    return marked(Found(tokens, score, row, jnp.ones_like(score), jnp.zeros((total, 0)), work=work))


def _row(array: np.ndarray) -> Array:
    return jnp.asarray(array[:1])


@functools.partial(jax.jit, static_argnames="forward")
def _update(
    targets: Target,
    params: Params,
    best: tuple[Array, Array],
    index: Array,
    valid: Array,
    ids: Array,
    mask: Array,
    allowed: Array,
    *,
    forward: Forward,
) -> tuple[Array, Array]:
    """Merge one chunk of n-grams into each target's running top k."""
    tokens = Tokens(ids, mask)
    output, activations = forward(params, tokens, {})
    score = jax.vmap(lambda target: target(output, activations, tokens))(targets)
    score = jnp.where((valid & allowed)[None] & ~jnp.isnan(score), score, -jnp.inf)

    k = best[0].shape[1]
    chunk_score, chunk_column = jax.lax.top_k(score, min(k, score.shape[1]))
    merged = jnp.concatenate([best[0], chunk_score], axis=1)
    rows = jnp.concatenate([best[1], index[chunk_column].astype(jnp.int32)], axis=1)
    top, order = jax.lax.top_k(merged, k)  # of equal scores the earlier row stays
    return top, jnp.take_along_axis(rows, order, axis=1)
