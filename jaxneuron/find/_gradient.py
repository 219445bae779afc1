"""Which texts to try next: a gradient with respect to the words says how much each swap would raise the score.

Ebrahimi et al. 2018 (HotFlip, arXiv 1712.06751): to first order, another word at a place changes the score by the
difference of the two words' gradients. It is a ranking alone; what it puts first is then scored exactly.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.types import Forward, Params, Target, Tokens


class Tries(NamedTuple):
    """How many texts of each kind are made of one."""

    best: int  # one word swapped, by the gradient's ranks: the first, and the next ones when the text comes again
    drawn: int  # one word swapped, of the ranks that the depth allows
    pairs: int  # two words swapped, both of high rank
    moves: int  # a word deleted and another inserted, perhaps elsewhere
    crossed: int  # some of its places, and the others of another text that is remembered
    random: int  # a random word at a random place

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


class Parents(NamedTuple):
    """Texts that others are made of; without its first axis, one."""

    keys: Array  # of the target of each
    targets: Target  # stacked, the target of each
    ids: Int[Array, "*text time"]
    others: Int[Array, "*text other time"]  # texts that its target remembers
    used: Int[Array, "*text"]  # how often it was used before
    numbers: Int[Array, "*text"]  # of this use, so that it draws anew


HIGH = 64
"""Ranks that are high."""


class Swaps(NamedTuple):
    """One other word in a text, the most promising first."""

    place: Int[Array, "swap"]
    word: Int[Array, "swap"]
    there: Bool[Array, "swap"]  # false beyond all there are


def ranked(
    target: Target,
    params: Params,
    ids: Int[Array, "time"],
    allowed: Bool[Array, "vocab"],
    *,
    forward: Forward,
    count: int,
) -> Swaps:
    """Return the `count` swaps that the gradient of a target expects most of."""
    words, mask = jax.nn.one_hot(ids, len(allowed)), jnp.ones((1, len(ids)), bool)

    def score(words: Float[Array, "time vocab"]) -> Float[Array, ""]:
        tokens = Tokens(words[None], mask)
        return target(*forward(params, tokens, {}), tokens)[0]

    gradient = jax.grad(score)(words)
    gain = gradient - jnp.broadcast_to(jnp.take_along_axis(gradient, ids[:, None], axis=1), gradient.shape)
    other = jnp.broadcast_to(allowed, gain.shape) & (words == 0) & ~jnp.isnan(gain)
    gain, order = jax.lax.top_k(jnp.where(other, gain, -jnp.inf).ravel(), count)
    return Swaps(order // len(allowed), order % len(allowed), ~jnp.isneginf(gain))


@functools.partial(jax.jit, static_argnames=("forward", "tries", "depth"))
def proposed(
    params: Params,
    allowed: Bool[Array, "vocab"],
    reach: Float[Array, ""],
    parents: Parents,
    *,
    forward: Forward,
    tries: Tries,
    depth: int,
) -> Int[Array, "text try time"]:
    """Return texts made of each text, for its own target.

    Args:
        params: the weights.
        allowed: the words that may be put in.
        reach: the share of the depth that is drawn from.
        parents: the texts.
        forward: the model.
        tries: how many of each kind.
        depth: ranks that are known at all.
    """
    time, vocab = parents.ids.shape[1], len(allowed)
    count = min(max(depth, tries.best), time * vocab)

    def one(parent: Parents) -> Int[Array, "try time"]:
        key, target, ids, others, used, number = parent
        kinds = ("drawn", "pairs", "moves", "partners", "mixed", "words", "places")
        draws = dict(zip(kinds, jax.random.split(jax.random.fold_in(key, number), len(kinds)), strict=True))
        swaps = ranked(target, params, ids, allowed, forward=forward, count=count)
        first = (used * tries.best) % max(count - tries.best + 1, 1)
        width = jnp.maximum(reach * count, min(4 * tries.best, count))
        drawn = (jax.random.uniform(draws["drawn"], (tries.drawn,)) * width).astype(jnp.int32)
        single = jnp.concatenate([(first + jnp.arange(tries.best)) % count, drawn])
        made = [_swapped(ids, swaps, single)]
        high = min(HIGH, count)
        pairs = jax.random.randint(draws["pairs"], (2, tries.pairs), 0, high)
        made.append(jax.vmap(lambda text, rank: _swapped(text, swaps, rank[None])[0])(
            _swapped(ids, swaps, pairs[0]), pairs[1]
        ))  # fmt: skip
        moves = jax.random.randint(draws["moves"], (3, tries.moves), 0, jnp.array([[high], [time], [time]]))
        made.append(_moved(ids, swaps, *moves))
        partners = jax.random.randint(draws["partners"], (tries.crossed,), 0, len(others))
        mixed = jax.random.bernoulli(draws["mixed"], shape=(tries.crossed, time))
        made.append(jnp.where(mixed, ids[None], others[partners]))
        words = jax.random.categorical(draws["words"], jnp.where(allowed, 0.0, -jnp.inf), shape=(tries.random,))
        places = jax.random.randint(draws["places"], (tries.random,), 0, time)
        made.append(jnp.where(_at(places, time), words[:, None], ids[None]))
        return jnp.concatenate(made).astype(jnp.int32)

    return jax.vmap(one)(parents)


def _at(places: Int[Array, "row"], time: int) -> Bool[Array, "row time"]:
    return jnp.arange(time)[None] == places[:, None]


def _swapped(ids: Int[Array, "time"], swaps: Swaps, rank: Int[Array, "row"]) -> Int[Array, "row time"]:
    """Return a text with one swap each; without it where there is none of that rank."""
    here = _at(swaps.place[rank], len(ids)) & swaps.there[rank][:, None]
    return jnp.where(here, swaps.word[rank][:, None], ids[None])


def _moved(
    ids: Int[Array, "time"], swaps: Swaps, rank: Int[Array, "row"], gone: Int[Array, "row"], put: Int[Array, "row"]
) -> Int[Array, "row time"]:
    """Return a text without the word at `gone`, and with a promising one at `put`; what is between moves by one."""
    place = jnp.arange(len(ids))[None] - (jnp.arange(len(ids))[None] > put[:, None])
    rest = ids[jnp.minimum(place + (place >= gone[:, None]), len(ids) - 1)]
    moved = jnp.where(_at(put, len(ids)), swaps.word[rank][:, None], rest)
    return jnp.where(swaps.there[rank][:, None], moved, jnp.broadcast_to(ids, moved.shape))
