"""Random subsets of units: each by itself (Poisson sampling), or exactly so many of them (conditional Poisson).

A subset C has the weight `exp(sum of the logits in C)`. Among subsets of k units its probability is that over the sum
of all such weights, an elementary symmetric polynomial of `exp(logit)`, which a scan over the units builds up (Chen,
Dempster, Liu 1994, "Weighted finite population sampling to maximize entropy").
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def entropy(logit: Float[Array, "unit"]) -> Float[Array, ""]:
    """Return the entropy of a subset that has each unit with the probability `sigmoid(logit)`, in nats."""
    chance = jax.nn.sigmoid(logit)
    return -jnp.sum(chance * jax.nn.log_sigmoid(logit) + (1 - chance) * jax.nn.log_sigmoid(-logit))


def log_sums(logit: Float[Array, "unit"], most: int) -> Float[Array, "row size"]:
    """Return the log of the summed weights of all subsets of 0 to `most` of the first 0, 1, ... units.

    Example:
        >>> jnp.round(jnp.exp(log_sums(jnp.log(jnp.array([2.0, 3.0])), 2)))[-1].astype(int).tolist()
        [1, 5, 6]
    """
    empty = jnp.where(jnp.arange(most + 1) == 0, 0.0, -jnp.inf)

    def add(row: Array, one: Array) -> tuple[Array, Array]:
        # logaddexp by hand: where both sides are minus infinity, its gradient is no number
        other = jnp.concatenate([jnp.full(1, -jnp.inf), row[:-1] + one])
        top = jnp.maximum(row, other)
        least = jnp.minimum(row, other)
        finite = jnp.isfinite(least)
        gap = jnp.where(finite, least, 0.0) - jnp.where(finite, top, 0.0)
        new = jnp.where(finite, top + jnp.log1p(jnp.exp(gap)), top)
        return new, new

    return jnp.concatenate([empty[None], jax.lax.scan(add, empty, logit)[1]])


def log_chance(logit: Float[Array, "unit"], subset: Bool[Array, "sample unit"], most: int) -> Float[Array, "sample"]:
    """Return the log probability of subsets among those of the same size, in nats."""
    size = jnp.sum(subset, axis=1)
    weight = jnp.sum(jnp.where(subset, logit[None], 0.0), axis=1)
    return weight - log_sums(logit, most)[-1][size]


def sized(key: Array, logit: Float[Array, "unit"], size: Int[Array, "sample"], most: int) -> Bool[Array, "sample unit"]:
    """Draw a subset of each size, at most `most`.

    From the last unit to the first: with r units still to come, unit j is in with the probability that the subsets of r
    of the first j units have it.
    """
    rows = log_sums(logit, most)

    def walk(left: Array, now: tuple[Array, Array, Array, Array]) -> tuple[Array, Array]:
        before, after, one, draw = now
        chance = jnp.where(left > 0, jnp.exp(before[jnp.maximum(left - 1, 0)] + one - after[left]), 0.0)
        chosen = draw < chance
        return left - chosen, chosen

    draws = jax.random.uniform(key, (len(logit), len(size)), jnp.float32)
    _, chosen = jax.lax.scan(walk, size, (rows[:-1], rows[1:], logit, draws), reverse=True)
    return chosen.T
