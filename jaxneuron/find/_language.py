"""How likely is each word of a text? By the model's own scores, another language model's, or pairs of a corpus's words.

Whether a model predicts the next word is asked of the model itself, with three texts: a word that is changed must
change no score before it. So it is known, too, how many scores stand before those of the text, such as [BOS]'s.
"""

import functools
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.targets import scores
from jaxneuron.types import Forward, Output, Params, Tokens

SAME = 1e-4
"""The part of the largest change of a score below which a change is rounding."""

KINDS = ("auto", "own", "corpus")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Language:
    """What says how likely each word is, where it stands."""

    kind: str = field(metadata={"static": True})  # own, other or corpus
    forward: Forward | None = field(metadata={"static": True})  # of the other language model
    before: int = field(metadata={"static": True})  # scores that stand before that of the text's first word
    params: Any  # of the other language model
    first: Any  # [vocab], log-probability of a text's first word, where a model has read nothing before it
    pairs: Any  # [word + 1, word], log-probability of a word behind each, and at the beginning (the last row)
    words: Any  # [word], those that `pairs` has
    number: Any  # [vocab], the row of each word in `pairs`; of any other word the last


def language(
    asked: str | tuple[Forward, Params],
    forward: Forward,
    params: Params,
    ngrams: Tokens,
    allowed: Bool[np.ndarray, "vocab"],
    budget: int,
) -> Language:
    """Return what says how likely texts are.

    Args:
        asked: `own`: the model's own scores; `corpus`: how often each word follows each in the n-grams; `auto`: the
            first where the model predicts the next word, else the second; or another model that does, on these words.
        forward: the model.
        params: its weights.
        ngrams: of the corpus, host arrays.
        allowed: the words that a text may be made of.
        budget: bytes that pairs of words may take.

    Raises:
        ValueError: an unknown name, a model that does not predict the next word, or too many pairs of words.
    """
    if isinstance(asked, str) and asked not in KINDS:
        raise ValueError(f"`language` must be one of {', '.join(KINDS)} or (forward, params), got {asked!r}")
    first = _frequencies(ngrams, len(allowed))
    none = {"pairs": None, "words": None, "number": None}
    if not isinstance(asked, str):
        before = _before(*asked, ngrams.ids.shape[1], allowed)
        if before is None:
            raise ValueError(
                "`language` is a model without scores of the next word for each word of a text; give a causal language "
                f"model that reads the same {len(allowed):,} words"
            )
        return Language("other", asked[0], before, asked[1], first, **none)
    before = None if asked == "corpus" else _before(forward, params, ngrams.ids.shape[1], allowed)
    if before is not None:
        return Language("own", None, before, None, first, **none)
    if asked == "own":
        raise ValueError(
            "the model has no scores of the next word for each word of a text; say language='corpus', or give another "
            "language model as (forward, params)"
        )
    return Language("corpus", None, 0, None, first, *_pairs(ngrams, allowed, first, budget))


def said(language: Language, output: Output, tokens: Tokens) -> Float[Array, "batch time word"]:
    """Return the log-probability of each word at each place of a text, of its words before that place.

    The last axis is the vocabulary, or the language's own `words`. Of soft words (a text that is differentiated) it is
    the mean over the words before.
    """
    if language.kind == "corpus":
        if jnp.issubdtype(tokens.ids.dtype, jnp.floating):
            behind = tokens.ids[:, :-1][..., language.words] @ language.pairs[:-1]
        else:
            behind = language.pairs[language.number[tokens.ids[:, :-1]]]
        begin = jnp.broadcast_to(language.pairs[-1], (len(behind), 1, behind.shape[-1]))
        return jnp.concatenate([begin, behind], axis=1)
    if language.forward is not None:
        output, _ = language.forward(language.params, tokens, {})
    time, vocab = tokens.mask.shape[1], len(language.first)
    before = jax.nn.log_softmax(scores(output))[..., :vocab]
    if language.before:
        return before[:, language.before - 1 : language.before - 1 + time]
    begin = jnp.broadcast_to(language.first, (len(before), 1, vocab))
    return jnp.concatenate([begin, before[:, : time - 1]], axis=1)


def cross_entropy(language: Language, output: Output, tokens: Tokens) -> Float[Array, "batch"]:
    """Return the mean over a text's words of `-log p(word | the words before it)`, in nats."""
    likely = said(language, output, tokens)
    if jnp.issubdtype(tokens.ids.dtype, jnp.floating):
        own = tokens.ids if language.words is None else tokens.ids[..., language.words]
        each = jnp.sum(own * likely, axis=-1)
    else:
        own = tokens.ids if language.number is None else jnp.minimum(language.number[tokens.ids], likely.shape[-1] - 1)
        each = jnp.take_along_axis(likely, own[..., None], axis=-1)[..., 0]
    return -jnp.sum(jnp.where(tokens.mask, each, 0.0), axis=-1) / jnp.maximum(jnp.sum(tokens.mask, axis=-1), 1)


def everywhere(language: Language, likely: Float[Array, "*place word"]) -> Float[Array, "*place vocab"]:
    """Return what `said` returned for all words of the vocabulary; -inf where it says nothing."""
    if language.words is None:
        return likely
    none = jnp.full((*likely.shape[:-1], len(language.number)), -jnp.inf)
    return none.at[..., language.words].set(likely)


def _before(forward: Forward, params: Params, time: int, allowed: Bool[np.ndarray, "vocab"]) -> int | None:
    """Return how many scores stand before that of the first word; None where no next word is predicted."""
    words = np.flatnonzero(allowed)
    texts = np.full((3, time), words[0], np.int32)
    texts[1, 0] = texts[2, -1] = words[-1]
    tokens = Tokens(jnp.asarray(texts), jnp.ones(texts.shape, bool))
    try:
        shape = jax.eval_shape(lambda params: scores(forward(params, tokens, {})[0]), params).shape
    except (TypeError, ValueError):  # what it puts out are no scores
        return None
    if len(shape) != 3 or shape[0] != 3 or shape[1] < time or shape[2] < len(allowed):
        return None
    apart = np.asarray(_changed(params, tokens, forward=forward))
    first, last = (np.flatnonzero(one > SAME * max(apart.max(), 1e-30)) for one in apart)
    if not len(first) or not len(last) or last[0] != first[0] + time - 1:
        return None
    return int(first[0])


@functools.partial(jax.jit, static_argnames="forward")
def _changed(params: Params, tokens: Tokens, *, forward: Forward) -> Float[Array, "2 time"]:
    found = jax.nn.log_softmax(scores(forward(params, tokens, {})[0]))
    return jnp.max(jnp.abs(found[1:] - found[:1]), axis=-1)


def _frequencies(ngrams: Tokens, vocab: int) -> Float[np.ndarray, "vocab"]:
    """Return the log-probability of each word by itself; each is counted once more than it stands in the n-grams."""
    counts = 1.0 + np.bincount(np.asarray(ngrams.ids)[np.asarray(ngrams.mask)], minlength=vocab)
    return np.log(counts / counts.sum()).astype(np.float32)


def _pairs(
    ngrams: Tokens, allowed: Bool[np.ndarray, "vocab"], first: Float[np.ndarray, "vocab"], budget: int
) -> tuple[Float[np.ndarray, "row word"], Int[np.ndarray, "word"], Int[np.ndarray, "vocab"]]:
    """Return how likely each word is behind each: Witten and Bell 1991, between pairs and single words.

    `p(w | v) = (count(v w) + others(v) p(w)) / (count(v) + others(v))`, where `others(v)` different words follow v.
    """
    words = np.flatnonzero(allowed).astype(np.int32)
    if 4 * len(words) * (len(words) + 1) > budget:
        raise ValueError(
            f"the probabilities of all pairs of {len(words):,} words take {len(words) ** 2 * 4 / 2**20:,.0f} MiB, more "
            "than the budget; allow fewer words, give a larger budget, or another language model as (forward, params)"
        )
    number = np.full(len(allowed), len(words), np.int32)
    number[words] = np.arange(len(words))
    ids, mask = np.where(np.asarray(ngrams.mask), ngrams.ids, 0), np.asarray(ngrams.mask)
    one, other = number[ids[:, :-1]], number[ids[:, 1:]]
    both = mask[:, 1:] & (other < len(words))
    counts = np.zeros((len(words) + 1, len(words)), np.float32)
    np.add.at(counts, (one[both], other[both]), 1.0)
    counts[-1] = 0.0
    alone = np.exp(first[words] - np.logaddexp.reduce(first[words]))
    others = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    likely = (counts + others * alone) / (counts.sum(axis=1, keepdims=True) + others)
    return np.log(likely), words, number
