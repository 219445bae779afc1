"""k-means on the device: seeds far apart, Lloyd's steps, several starts at once."""

from functools import partial
from math import log
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


def k_means(
    key: Array, x: Float[Array, "point axis"], clusters: int, restarts: int, steps: Any, tolerance: Any
) -> tuple[Int[Array, "point"], Float[Array, "cluster axis"], Bool[Array, ""]]:
    """Return the cluster of each point, the centres, the largest cluster first, and whether it had settled.

    Args:
        key: one key.
        x: points.
        clusters: how many.
        restarts: starts, of which the one with the least squared distance is kept.
        steps: at most.
        tolerance: how far the centres may still move together, squared, in mean variances of an axis.
    """
    return _run(key, x, clusters, restarts, steps, tolerance)


@partial(jax.jit, static_argnames=("clusters", "restarts"))
def _run(key: Array, x: Array, clusters: int, restarts: int, steps: Any, tolerance: Any) -> Any:
    square = jnp.sum(x**2, axis=1)
    limit = tolerance * jnp.mean(jnp.var(x, axis=0))
    one = partial(_start, x, square, clusters, steps, limit)
    centres, cost, settled = jax.vmap(one)(jax.random.split(key, restarts))
    best = jnp.argmin(cost)
    centres = centres[best]
    group = jnp.argmin(_apart(x, square, centres), axis=1)
    sizes = jnp.sum(group[:, None] == jnp.arange(clusters)[None], axis=0)
    order = jnp.argsort(-sizes)
    return jnp.argsort(order)[group], centres[order], settled[best]


def _start(x: Array, square: Array, clusters: int, steps: Any, limit: Array, key: Array) -> tuple[Array, Array, Array]:
    def step(state: Any) -> Any:
        number, centres, _, _ = state
        far = _apart(x, square, centres)
        group = jnp.argmin(far, axis=1)
        member = (group[:, None] == jnp.arange(clusters)[None]).astype(x.dtype)
        sizes = jnp.sum(member, axis=0)[:, None]
        new = jnp.matmul(member.T, x, precision="highest") / jnp.maximum(sizes, 1)
        new = jnp.where(sizes > 0, new, centres)  # an empty cluster stays where it is
        return number + 1, new, jnp.sum((new - centres) ** 2), jnp.sum(jnp.min(far, axis=1))

    infinite = jnp.asarray(jnp.inf, x.dtype)
    first = (0, _seeds(key, x, square, clusters), infinite, infinite)
    _, centres, moved, cost = jax.lax.while_loop(lambda state: (state[0] < steps) & (state[2] > limit), step, first)
    return centres, cost, moved <= limit


def _seeds(key: Array, x: Array, square: Array, clusters: int) -> Array:
    """Draw seeds by their squared distance to those before, each the best of a few draws (greedy k-means++)."""
    trials = 2 + int(log(clusters))
    for_first, for_rest = jax.random.split(key)
    begin = x[jax.random.randint(for_first, (), 0, len(x))]
    near = _apart(x, square, begin[None])[:, 0]

    def another(number: Any, state: Any) -> Any:
        centres, near = state
        total = jnp.cumsum(near)
        drawn = jax.random.uniform(jax.random.fold_in(for_rest, number), (trials,), jnp.float32).astype(x.dtype)
        tried = jnp.minimum(jnp.searchsorted(total, drawn * total[-1], side="right"), len(x) - 1)
        nearer = jnp.minimum(near[:, None], _apart(x, square, x[tried]))
        best = jnp.argmin(jnp.sum(nearer, axis=0))
        return centres.at[number].set(x[tried[best]]), nearer[:, best]

    start = (jnp.zeros((clusters, x.shape[1]), x.dtype).at[0].set(begin), near)
    return jax.lax.fori_loop(1, clusters, another, start)[0]


def _apart(x: Array, square: Array, centres: Array) -> Array:
    """Return the squared distance of each point to each centre."""
    products = jnp.matmul(x, centres.T, precision="highest")
    return jnp.maximum(square[:, None] - 2 * products + jnp.sum(centres**2, axis=1)[None], 0)
