"""Conductance as Captum 0.9 computes it: differences between nodes instead of derivatives, and no weights."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from jaxneuron.attribute._gradient import linear
from jaxneuron.attribute._path import at_a_time, chunked
from jaxneuron.jaxpr.memory import peak


def finite(
    through: Callable[..., tuple[Float[Array, "batch"], PyTree]],
    x: Float[Array, "batch *feature"],
    baseline: Float[Array, "batch *feature"],
    nodes: Float[np.ndarray, "step"],
    *,
    budget: int,
) -> PyTree:
    """Return `sum over k of df/dh(a_k) (h(a_k+1) - h(a_k))`, without the line's ends.

    Args:
        through: the joint map.
        x: the line's end.
        baseline: its start.
        nodes: places on the line.
        budget: bytes for the nodes that are looked at together.
    """

    def look(place: Array) -> tuple[PyTree, PyTree]:
        point = baseline + place * (x - baseline)
        found = linear(through, point)
        return found.effect, found.value

    def add(carry: tuple[PyTree, ...], places: Array) -> tuple[tuple[PyTree, ...], None]:
        total, *last = carry
        looks = jax.vmap(look)(places)
        # each node's look beside the one before it; a repeated last node adds nothing
        before = jax.tree.map(lambda last, all_: jnp.concatenate([last[None], all_[:-1]]), tuple(last), looks)
        parts = jax.tree.map(
            lambda slope, now, then: jnp.sum(slope * (now - then), axis=0), before[0], looks[1], before[1]
        )
        return (jax.tree.map(jnp.add, total, parts), *jax.tree.map(lambda all_: all_[-1], looks)), None

    together = at_a_time(peak(look, jnp.zeros((), x.dtype)), len(nodes), budget)
    slope, value = look(jnp.asarray(nodes[0], x.dtype))
    start = (jax.tree.map(jnp.zeros_like, value), jax.tree.map(jnp.zeros_like, slope), value)
    return jax.lax.scan(add, start, jnp.asarray(chunked(nodes, together), x.dtype))[0][0]
