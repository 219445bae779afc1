"""What does a unit do at a word like any other? All units at some words that are drawn at random.

Beside the best few, what is shown of a unit's quantiles must be a fair draw, with how many words there are and how many
were drawn. One draw serves all units: of words drawn at random, those within a quantile of a unit are a random draw of
the words within it. Who reads the corpus says which words are drawn, `Rows.drawn`.
"""

from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from jaxneuron.atlas import Samples, Statistic
from jaxneuron.atlas._sites import Flat, each


class Drawn(NamedTuple):
    """What is known of the words that are drawn; sentence -1 where one was not read yet."""

    sentence: Int[Any, "sample"]
    word: Int[Any, "sample"]
    value: Float[Any, "sample unit"]


def statistic(*, count: int = 512) -> Statistic:
    """Return the statistic whose result is `Samples`.

    Args:
        count: words that are drawn.

    Raises:
        ValueError: none.
    """
    if count < 1:
        raise ValueError(f"expected at least one sample, got {count}")
    return each(partial(_init, count), _update, _merge, _finish)


def _init(count: int, units: int) -> Drawn:
    none = jnp.full(count, -1, jnp.int32)
    return Drawn(none, none, jnp.zeros((count, units), jnp.float32))


def _update(state: Drawn, batch: Flat) -> Drawn:
    drawn = batch.counted & (batch.rows.drawn >= 0)
    place = jnp.where(drawn, batch.rows.drawn, len(state.sentence))  # what is not drawn falls out of range
    sentence = batch.sentence[jnp.maximum(batch.rows.text, 0)]
    values = (sentence, batch.rows.word, batch.value.astype(jnp.float32))
    return Drawn(*(old.at[place].set(new, mode="drop") for old, new in zip(state, values, strict=True)))


def _merge(one: Drawn, other: Drawn) -> Drawn:
    read = one.sentence >= 0
    return Drawn(*(np.where(read.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(one, other, strict=True)))


def _finish(state: Drawn) -> Samples:
    read = state.sentence >= 0
    return Samples(*(one[read] for one in state))
