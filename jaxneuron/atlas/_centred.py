"""The mean of the vectors of a batch, which is exact where they are all alike."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxneuron.atlas._double import Double, add
from jaxneuron.atlas._sites import Flat


class Mean(NamedTuple):
    """Of the counted vectors; the sum of two numbers, 0 where nothing is counted."""

    count: Float[Array, ""]
    first: Float[Array, "unit"]  # exactly the first vector that counts
    rest: Float[Array, "unit"]  # what the mean is beyond it


def batch_mean(batch: Flat) -> Mean:
    """Return the mean of the counted vectors."""
    count = jnp.sum(batch.counted, dtype=jnp.float32)
    first = jnp.where(count > 0, batch.value[jnp.argmax(batch.counted)], 0)
    rest = jnp.sum(_beyond(batch, first), axis=0) / jnp.maximum(count, 1)
    return Mean(count, first, rest)


def centred(batch: Flat, mean: Mean) -> Float[Array, "token unit"]:
    """Return the vectors less the mean; 0 where they do not count."""
    return jnp.where(batch.counted[:, None], _beyond(batch, mean.first) - mean.rest[None], 0)


def moved(before: Double, mean: Mean, share: Float[Array, ""]) -> tuple[Float[Array, "unit"], Double]:
    """Return how far a batch's mean is from that of before, and the mean of both.

    Args:
        before: the mean of what was read before.
        mean: of the batch.
        share: of the batch, in the vectors of both.
    """
    far, near = (
        jnp.where(mean.count > 0, mean.first - before.high, 0),
        jnp.where(mean.count > 0, mean.rest - before.low, 0),
    )
    return far + near, add(add(before, far * share), near * share)


def _beyond(batch: Flat, first: Float[Array, "unit"]) -> Float[Array, "token unit"]:
    return jnp.where(batch.counted[:, None], batch.value - first[None], 0)
