"""How often is a unit off, and how often at an end of its range? Dead units never change.

Saturated gates: Karpathy, Johnson, Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks" (arXiv 1506.02078),
who count a sigmoid as saturated below 0.1 and above 0.9; of a tanh, the same distance from its ends is -0.8 and 0.8.
"""

from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.atlas import Saturation, Statistic
from jaxneuron.atlas._rows import over_rows
from jaxneuron.atlas._sites import Flat, each


class EndCounts(NamedTuple):
    """What is known of the units of a site."""

    tokens: Int[Any, ""]
    ends: Int[Any, "end unit"]  # off, positive, low, high
    least: Float[Any, "unit"]
    most: Float[Any, "unit"]


def statistic(*, low: float = -0.8, high: float = 0.8) -> Statistic:
    """Return the statistic whose result is `Saturation`.

    Args:
        low: values up to it count as at the lower end; 0.1 for a sigmoid.
        high: values from it on count as at the upper end; 0.9 for a sigmoid.

    Raises:
        ValueError: ends that are no numbers, or the wrong way round.
    """
    if not low < high:
        raise ValueError(f"expected low < high, got {low} and {high}")
    return each(_init, partial(_update, (low, high)), _merge, partial(_finish, (low, high)))


def _init(units: int) -> EndCounts:
    none, zero = jnp.zeros((4, units), jnp.int32), jnp.zeros(units, jnp.float32)
    return EndCounts(jnp.zeros((), jnp.int32), none, zero + jnp.inf, zero - jnp.inf)


def _update(bounds: tuple[float, float], state: EndCounts, batch: Flat) -> EndCounts:
    def step(carry: tuple[Any, Any, Any], value: Array, counted: Array) -> tuple[Any, Any, Any]:
        ends, least, most = carry
        found = (value == 0, value > 0, value <= bounds[0], value >= bounds[1])
        return (
            tuple(total + jnp.where(counted & one, 1, 0) for total, one in zip(ends, found, strict=True)),
            jnp.where(counted, jnp.minimum(least, value), least),
            jnp.where(counted, jnp.maximum(most, value), most),
        )

    ends, least, most = over_rows(step, (tuple(state.ends), state.least, state.most), batch)
    return EndCounts(state.tokens + jnp.sum(batch.counted, dtype=jnp.int32), jnp.stack(ends), least, most)


def _merge(one: EndCounts, other: EndCounts) -> EndCounts:
    return EndCounts(
        one.tokens.astype(np.int64) + other.tokens,
        one.ends.astype(np.int64) + other.ends,
        np.minimum(one.least, other.least),
        np.maximum(one.most, other.most),
    )


def _finish(bounds: tuple[float, float], state: EndCounts) -> Saturation:
    tokens = int(state.tokens)
    off, positive, low, high = state.ends / max(tokens, 1)
    return Saturation(tokens, off, positive, low, high, dead=state.least >= state.most, bounds=bounds)
