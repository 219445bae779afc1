"""In which sentences is a unit highest, and in which lowest? The best few of each, one word of a sentence at most.

Pages that show one side hide what a unit does on the other (Gurnee et al. 2023, "Finding Neurons in a Haystack", arXiv
2305.01610, see both). A running list needs no sorting: a sentence of a long text is rarely among the best of a unit, so
the best of a batch is put into its place, again and again, until no unit has a better one.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron.atlas import Beside, Exemplars, Extremes, Places, Statistic
from jaxneuron.atlas._foremost import NONE, Foremost, joined, put
from jaxneuron.atlas._offers import Offers, beside, cleared, fits, grouped, nothing
from jaxneuron.atlas._sites import Flat, each
from jaxneuron.types import Site


def statistic(*, count: int = 16) -> Statistic:
    """Return the statistic whose result is `Exemplars`.

    Args:
        count: sentences on each side.

    Raises:
        ValueError: none.
    """
    if count < 1:
        raise ValueError(f"expected at least one exemplar of each unit, got {count}")
    statistic = each(partial(_init, count), _update, _merge, _finish)
    return statistic._replace(beside=Beside(lambda activations, places: (), _add, _settle))


def _init(count: int, units: int) -> list[Foremost]:
    shape = (count, units)
    none = np.full(shape, NONE, np.int32)
    return [Foremost(np.full(shape, -np.inf, np.float32), none, none) for _ in range(2)]


def _update(state: list[Foremost], batch: Flat) -> list[Foremost]:
    sides = zip(state, (batch.value, -batch.value), strict=True)
    return [_put(best, _offered(value, batch)) for best, value in sides]


def _offered(value: Float[Array, "token unit"], batch: Flat) -> Foremost:
    """Return the best word of each sentence of a batch, `[text, unit]`."""
    texts = len(batch.sentence)
    text = jnp.where(batch.counted, batch.rows.text, texts)
    best = jax.ops.segment_max(value, text, texts + 1)
    word = jnp.where(value == best[text], batch.rows.word[:, None], NONE)
    first = jax.ops.segment_min(word, text, texts + 1)
    sentence = jnp.where(batch.sentence >= 0, batch.sentence, NONE)[:, None]
    return Foremost(best[:texts], sentence, first[:texts])


def _put(best: Foremost, offered: Foremost) -> Foremost:
    """Put what is offered into its places, for every unit the best of it at a time, until nothing is better."""

    def better(best: Foremost, value: Array) -> Array:
        last = Foremost(*(one[-1:] for one in best))
        ties = (value == last.value) & (value > -jnp.inf)
        earlier = (offered.sentence == last.sentence) & (offered.word < last.word)  # in a text that occurs again
        return (value > last.value) | (ties & ((offered.sentence < last.sentence) | earlier))

    def goes_on(held: tuple[Foremost, Array]) -> Array:
        return jnp.any(better(*held))

    def step(held: tuple[Foremost, Array]) -> tuple[Foremost, Array]:
        best, value = held
        value = jnp.where(better(best, value), value, -jnp.inf)
        top = jnp.max(value, axis=0)
        sentence = jnp.min(jnp.where(value == top[None], offered.sentence, NONE), axis=0)
        here = offered.sentence == sentence[None]
        word = jnp.min(jnp.where(here & (value == top[None]), offered.word, NONE), axis=0)
        return _inserted(best, Foremost(top, sentence, word)), jnp.where(here, -jnp.inf, value)

    return jax.lax.while_loop(goes_on, step, (best, offered.value))[0]


def _inserted(best: Foremost, new: Foremost) -> Foremost:
    """Return the list with one more entry of each unit, if it is among the best, in the place of its own sentence's."""
    value, sentence, word = (one[None] for one in new)
    earlier = (best.sentence < sentence) | ((best.sentence == sentence) & (best.word < word))
    ahead = (best.value > value) | ((best.value == value) & earlier)
    own, place = best.sentence == sentence, jnp.arange(len(best.value))[:, None]
    at = jnp.sum(ahead, axis=0, keepdims=True)
    gap = jnp.min(jnp.where(own & ~ahead, place, len(place) - 1), axis=0, keepdims=True)  # what follows it moves up
    at = jnp.where(jnp.any(own & ahead, axis=0, keepdims=True) | (value == -jnp.inf), len(place), at)

    def moved(old: Array, one: Array) -> Array:
        shifted = jnp.where((place > at) & (place <= gap), jnp.roll(old, 1, axis=0), old)
        return jnp.where(place == at, one, shifted)

    return Foremost(*(moved(old, one) for old, one in zip(best, (value, sentence, word), strict=True)))


def _merge(one: list[Foremost], other: list[Foremost]) -> list[Foremost]:
    return [joined(left, right) for left, right in zip(one, other, strict=True)]


class Waiting(NamedTuple):
    """The lists of a site, and what is still to be put among them."""

    best: list[Foremost]
    offers: Offers


def _add(state: dict[Site, Any], seen: Any, activations: Mapping[Site, Any], places: Places) -> dict[Site, Any]:
    del seen
    words, texts = grouped(places.words, places.sentence), grouped(places.texts, places.sentence)
    found = {}
    for site, held in state.items():
        value = activations[site]
        pending = held if isinstance(held, Waiting) else Waiting(held, nothing(value.shape[-1]))
        for part in words if places.of(value) is places.words else texts:
            if not fits(pending.offers, part):
                pending = Waiting(_settled(pending), cleared(pending.offers))
            offers = beside(pending.offers, value.reshape(-1, value.shape[-1]), part)
            pending = Waiting(pending.best, offers)
        found[site] = pending
    return found


def _settle(state: dict[Site, Any]) -> dict[Site, Any]:
    return {site: _settled(one) if isinstance(one, Waiting) else one for site, one in state.items()}


def _settled(pending: Waiting) -> list[Foremost]:
    return [put(best, pending.offers, side) for side, best in enumerate(pending.best)]


def _finish(state: list[Foremost]) -> Exemplars:
    high, low = (_shown(best) for best in state)
    return Exemplars(high, low._replace(value=-low.value))


def _shown(best: Foremost) -> Extremes:
    value, sentence, word = (one.T for one in best)
    none = sentence == NONE
    return Extremes(np.where(none, np.nan, value), np.where(none, -1, sentence), np.where(none, -1, word))
