"""Texts made of a text, that may be shorter or longer, to raise a target and stay likely.

Beside the swaps that a gradient ranks (see `_gradient`) there are words that the language itself would put at a place.
A text is a row of words, with -1 behind its end.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.find._language import Language, cross_entropy, everywhere, said
from jaxneuron.types import Forward, Params, Target, Tokens

PRICES = (0.1, 10.0)
"""Between these is what a nat of cross-entropy costs, in standard deviations of the target over the corpus; drawn anew
for each text used (the ends of the grid of Thompson et al. 2024)."""

HIGH = 64
"""Ranks that are high."""


class Amounts(NamedTuple):
    """How many texts of each kind are made of one."""

    best: int  # a word swapped, by the gradient's ranks: the first, and the next ones when the text comes again
    drawn: int  # a word swapped, of the ranks that the depth allows
    pairs: int  # two words swapped, both of high rank
    likely: int  # a word swapped for one that the language draws
    longer: int  # a word inserted that the language draws; in a text that may not grow, another is deleted
    moved: int  # the same, but a word of high rank
    shorter: int  # a word deleted; in a text that may not shrink, one that the language draws is inserted elsewhere


class Origins(NamedTuple):
    """Texts that others are made of; without its first axis, one."""

    keys: Array  # of the target of each
    targets: Target  # stacked, the target of each
    scale: Float[Array, "*text"]  # standard deviation of the target over the corpus
    ids: Int[Array, "*text time"]
    used: Int[Array, "*text"]  # how often it was used before
    numbers: Int[Array, "*text"]  # of this use, so that it draws anew


def kinds(tries: int) -> Amounts:
    """Return how many texts of each kind are tried.

    Example:
        >>> kinds(32)
        Amounts(best=7, drawn=7, pairs=4, likely=5, longer=4, moved=3, shorter=2)
    """
    pairs, likely, longer, moved, shorter = tries // 8, tries // 6, tries // 8, tries // 10, tries // 16
    rest = tries - pairs - likely - longer - moved - shorter
    return Amounts(-(-rest // 2), rest // 2, pairs, likely, longer, moved, shorter)


@functools.partial(jax.jit, static_argnames=("forward", "tries", "depth", "shortest"))
def proposed(
    params: Params,
    language: Language,
    allowed: Bool[Array, "vocab"],
    reach: Float[Array, ""],
    parents: Origins,
    *,
    forward: Forward,
    tries: Amounts,
    depth: int,
    shortest: int,
) -> Int[Array, "text try time"]:
    """Return texts made of each text, for its own target.

    Args:
        params: the weights.
        language: what says how likely a text is.
        allowed: the words that may be put in.
        reach: the share of the depth that is drawn from.
        parents: the texts.
        forward: the model.
        tries: how many of each kind.
        depth: ranks that are known at all.
        shortest: words of a text, at least.
    """
    time, vocab = parents.ids.shape[1], len(allowed)
    count = min(max(depth, tries.best), time * vocab)

    def one(parent: Origins) -> Int[Array, "try time"]:
        ids, size = parent.ids, jnp.sum(parent.ids >= 0)
        key = jax.random.fold_in(parent.keys, parent.numbers)
        prices, ranks, pairs, places, words, moves = jax.random.split(key, 6)
        price = jnp.exp(jax.random.uniform(prices, minval=jnp.log(PRICES[0]), maxval=jnp.log(PRICES[1])))
        gain, likely = _gain(params, language, parent, price, forward)
        free = (jnp.arange(time) < size)[:, None] & allowed[None] & (jax.nn.one_hot(ids, vocab) == 0)
        gain, order = jax.lax.top_k(jnp.where(free & ~jnp.isnan(gain), gain, -jnp.inf).ravel(), count)
        known = jnp.maximum(jnp.sum(~jnp.isneginf(gain)), 1)
        place, word, high = order // vocab, order % vocab, jnp.minimum(HIGH, known)

        next_ones = (parent.used * tries.best + jnp.arange(tries.best)) % known
        width = jnp.minimum(jnp.maximum(reach * count, 4 * tries.best), known)
        single = jnp.concatenate([next_ones, _below(ranks, tries.drawn, width)])
        first, second = _below(pairs, (2, tries.pairs), high)
        once = _put(ids, place[first], word[first])
        twice = jax.vmap(lambda text, rank: _put(text, place[rank][None], word[rank][None])[0])(once, second)

        asked = tries.likely + tries.longer + tries.shorter
        put, gone = _below(places, (2, asked), size)
        weight = jnp.where(allowed[None], everywhere(language, likely), -jnp.inf)[put]
        drawn = jax.random.categorical(words, weight)
        swapped = _put(ids, put[: tries.likely], drawn[: tries.likely])
        moved = _below(moves, tries.moved, high)
        moving = (
            jnp.concatenate([gone[tries.likely :], _below(jax.random.fold_in(moves, 1), tries.moved, size)]),
            jnp.concatenate([put[tries.likely :], place[moved]]),
            jnp.concatenate([drawn[tries.likely :], word[moved]]),
        )
        number = jnp.arange(len(moving[0]))
        grows = (number < tries.longer) & (size < time)
        shrinks = (number >= tries.longer) & (number < tries.longer + tries.shorter) & (size > shortest)
        resized = jax.vmap(_resized, (None, 0, 0, 0, 0, 0))(ids, *moving, grows, shrinks)
        made = [_put(ids, place[single], word[single]), twice, swapped, resized]
        return jnp.concatenate(made).astype(jnp.int32)

    return jax.vmap(one)(parents)


def _gain(
    params: Params, language: Language, parent: Origins, price: Float[Array, ""], forward: Forward
) -> tuple[Float[Array, "time vocab"], Float[Array, "time word"]]:
    """Return what a gradient expects of each word at each place, and how likely each is there.

    Of the place's own term of the cross-entropy, which is linear in the word, it is no estimate.
    """
    mask = (parent.ids >= 0)[None]

    def value(words: Float[Array, "time vocab"]) -> tuple[Float[Array, ""], Float[Array, "time word"]]:
        tokens = Tokens(words[None], mask)
        output, activations = forward(params, tokens, {})
        score = parent.targets(output, activations, tokens)[0] / parent.scale
        return score - price * cross_entropy(language, output, tokens)[0], said(language, output, tokens)[0]

    words = jax.nn.one_hot(parent.ids, len(language.first))
    gradient, likely = jax.grad(value, has_aux=True)(words)
    own = jnp.take_along_axis(gradient, jnp.maximum(parent.ids, 0)[:, None], axis=1)
    return gradient - jnp.broadcast_to(own, gradient.shape), likely


def _below(key: Array, shape: int | tuple[int, ...], most: Array) -> Int[Array, "..."]:
    """Return random numbers from 0 to below `most`."""
    size = (shape,) if isinstance(shape, int) else shape
    return (jax.random.uniform(key, size) * most).astype(jnp.int32)


def _put(ids: Int[Array, "time"], place: Int[Array, "row"], word: Int[Array, "row"]) -> Int[Array, "row time"]:
    """Return a text with another word at a place, each."""
    return jnp.where(jnp.arange(len(ids))[None] == place[:, None], word[:, None], ids[None])


def _resized(
    ids: Int[Array, "time"],
    gone: Int[Array, ""],
    put: Int[Array, ""],
    word: Int[Array, ""],
    grows: Bool[Array, ""],
    shrinks: Bool[Array, ""],
) -> Int[Array, "time"]:
    """Return a text without the word at `gone`, unless it grows, and with another before `put`, unless it shrinks."""
    here = jnp.arange(len(ids))
    less = jnp.where(grows, ids, jnp.append(ids, -1)[here + (here >= gone)])
    more = jnp.where(here == put, word, less[jnp.maximum(here - (here > put), 0)])
    return jnp.where(shrinks, less, more)
