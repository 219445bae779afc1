"""Every candidate word at one place of texts, scored exactly; with a `Onward`, what precedes the place is read once.

A word at the last place then costs one step, not a text, and what only the word or only the text before it takes part
in is computed for words and for texts, not for pairs of them: with gates that add what the two say, as an LSTM's or
those of a GRU that resets after the product, no product of matrices is left for a pair.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import batching
from jaxneuron.find import Onward, _score
from jaxneuron.find._score import Pool, Scorer
from jaxneuron.targets import count
from jaxneuron.types import Forward, Params, Target, Tokens


class Scanned(NamedTuple):
    """What every word at a place of some texts made of them."""

    pool: Pool
    score: Float[np.ndarray, "target text"]  # the best of each target
    word: Int[np.ndarray, "target text"]  # that has it
    work: float  # in texts read


def scan(
    scorer: Scorer, pool: Pool, texts: Int[np.ndarray, "text time"], place: int, step: int, *, most: int
) -> Scanned:
    """Try every candidate at a place of each text.

    Args:
        scorer: what scores them.
        pool: the best so far.
        texts: what stands around the place; no two are equal but for the place.
        place: from 0.
        step: the number of this step.
        most: how many texts may be given at most; another number compiles again.
    """
    total, devices = len(scorer.words), scorer.mesh.size if scorer.mesh else 1
    rows = scorer.rows(texts.shape[1], most * total)
    blocks = -(-total // rows)
    width = devices * -(-total // (blocks * devices))
    side = max(1, min(rows // width, most))
    words = np.pad(scorer.words, (0, blocks * width - total))
    best = np.full((count(scorer.targets), len(texts)), -np.inf, np.float32)
    chosen = np.zeros(best.shape, np.int32)
    for first in range(0, len(texts), side):
        size = min(side, len(texts) - first)
        some = np.pad(texts[first : first + size], ((0, side - size), (0, 0)))
        here = slice(first, first + size)
        for block in range(blocks):
            index = np.arange(block * width, (block + 1) * width)
            part, valid = batching.shard((jnp.asarray(words[index]), jnp.asarray(index < total)), scorer.mesh)
            gaps = _Gaps(jnp.asarray(some), jnp.asarray(np.arange(side) < size), part, valid, jnp.int32(place))
            found = _scanned(scorer, pool, gaps, place, step)
            pool, (score, word) = found[0], (np.asarray(leaf)[:, :size] for leaf in found[1:])
            better = score > best[:, here]
            best[:, here] = np.where(better, score, best[:, here])
            chosen[:, here] = np.where(better, word, chosen[:, here])
    shared = place if scorer.onward else 0  # words that are read once for each text
    time = texts.shape[1]
    return Scanned(pool, best, chosen, len(texts) * (shared + (time - shared) * total) / time)


def check_onward(
    onward: Onward, forward: Forward, params: Params, targets: Target, allowed: Bool[Any, "vocab"], time: int
) -> None:
    """Check that reading on makes the same scores as reading the whole.

    Raises:
        ValueError: it does not, such as where a target is not read at the last word.
    """
    ids = jnp.asarray(np.resize(np.flatnonzero(allowed), time)[None], jnp.int32)
    pool, one = _score.empty(count(targets), 1, time), jnp.ones(1, bool)
    gaps = _Gaps(ids, one, ids[0, -1:], one, jnp.int32(time - 1))
    given = (targets, params, jnp.int32(0), pool, gaps)
    whole = np.asarray(_read(*given, forward=forward)[1])
    shared = np.asarray(_read_on(*given, onward.state, read=onward.step, place=time - 1)[1])
    finite = np.where(np.isfinite(whole), whole, 0)
    if not np.allclose(whole, shared, rtol=1e-3, atol=1e-4 * max(float(np.abs(finite).max()), 1e-6)):
        raise ValueError(
            "`onward` does not make the scores that the model's forward makes; it is for targets that are read at "
            "the n-gram's last word, with the state before the n-gram: behind a prompt, that after the prompt"
        )


class _Gaps(NamedTuple):
    """Texts with a gap, and the words that are put there; of both some are padding."""

    texts: Int[Array, "text time"]
    there: Bool[Array, "text"]
    words: Int[Array, "word"]
    valid: Bool[Array, "word"]
    place: Int[Array, ""]

    def filled(self) -> Int[Array, "text word time"]:
        """Return each text with each word."""
        here = (jnp.arange(self.texts.shape[1]) == self.place)[None, None]
        return jnp.where(here, self.words[None, :, None], self.texts[:, None])


def _scanned(scorer: Scorer, pool: Pool, gaps: _Gaps, place: int, step: int) -> tuple[Pool, Array, Array]:
    given = (scorer.targets, scorer.params, jnp.int32(step), pool, gaps)
    if scorer.onward is None:
        return _read(*given, forward=scorer.forward)
    return _read_on(*given, scorer.onward.state, read=scorer.onward.step, place=place)


@functools.partial(jax.jit, static_argnames="forward")
def _read(
    targets: Target, params: Params, step: Array, pool: Pool, gaps: _Gaps, *, forward: Forward
) -> tuple[Pool, Array, Array]:
    ids = gaps.filled()
    score = _score.scores(targets, params, ids.reshape(-1, ids.shape[-1]), forward)
    return _taken(pool, gaps, ids, score.reshape(-1, *ids.shape[:2]), step)


@functools.partial(jax.jit, static_argnames=("read", "place"))
def _read_on(
    targets: Target, params: Params, step: Array, pool: Pool, gaps: _Gaps, state: Any, *, read: Any, place: int
) -> tuple[Pool, Array, Array]:
    def each(text: Int[Array, "time"]) -> Float[Array, "word target"]:
        before = read(params, state, text[None, :place], {})[2] if place else state

        def one(word: Int[Array, ""]) -> Float[Array, "target"]:
            rest = jnp.concatenate([word[None], text[place + 1 :]])[None]
            output, activations, _ = read(params, before, rest, {})
            tokens = Tokens(rest, jnp.ones(rest.shape, bool))
            return jax.vmap(lambda target: target(output, activations, tokens)[0])(targets)

        return jax.vmap(one)(gaps.words)

    score = jnp.moveaxis(jax.vmap(each)(gaps.texts), -1, 0)
    return _taken(pool, gaps, gaps.filled(), score, step)


def _taken(
    pool: Pool, gaps: _Gaps, ids: Int[Array, "text word time"], score: Float[Array, "target text word"], step: Array
) -> tuple[Pool, Array, Array]:
    """Return the pool with what is new, and the best of each target in each text."""
    real = (gaps.there[:, None] & gaps.valid[None])[None]
    score = jnp.where(real & ~jnp.isnan(score), score, -jnp.inf)
    rows = ids.reshape(-1, ids.shape[-1])
    pool = _score.merged(pool, rows, score.reshape(len(score), -1), step)
    return pool, jnp.max(score, axis=-1), gaps.words[jnp.argmax(score, axis=-1)]
