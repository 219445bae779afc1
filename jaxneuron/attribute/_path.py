"""Integrals along the straight line from a baseline to an input, in memory that does not grow with the steps.

The sum over nodes is compensated (Kahan 1965), so that a hundred steps in single precision lose no more than one; so
is the sum over features that measures completeness.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from jaxneuron.attribute._quadrature import Quadrature
from jaxneuron.jaxpr.memory import peak
from jaxneuron.types import Path

MOST_STEPS = 3200
"""Where doubling the steps ends: 50 doubled six times."""


def integral(
    integrand: Callable[[Float[Array, "batch *feature"]], PyTree],
    x: Float[Array, "batch *feature"],
    baseline: Float[Array, "batch *feature"],
    quadrature: Quadrature,
    *,
    panels: Int[Array, ""] | int = 1,
    budget: int,
) -> PyTree:
    """Return `integral over a from 0 to 1 of integrand(baseline + a (x - baseline))`.

    Args:
        integrand: from a point on the line to any pytree.
        x: the line's end.
        baseline: its start.
        quadrature: nodes and weights.
        panels: equal parts of the line, to each of which the quadrature is applied.
        budget: bytes for the nodes that are looked at together.
    """
    together = at_a_time(peak(integrand, x), len(quadrature.nodes), budget)
    nodes, weights = chunked(quadrature.nodes, together), chunked(quadrature.weights, together, 0.0)
    nodes, weights = jnp.asarray(nodes, x.dtype), jnp.asarray(weights, x.dtype)
    change = x - baseline

    def part(index: Array) -> PyTree:
        panel, chunk = index // len(nodes), index % len(nodes)
        places, shares = (panel + nodes[chunk]) / panels, weights[chunk] / panels
        values = jax.vmap(lambda place: integrand(baseline + place * change))(places)
        return jax.tree.map(lambda leaf: jnp.sum(leaf * shares.reshape(-1, *[1] * (leaf.ndim - 1)), axis=0), values)

    def add(index: Array, carry: tuple[PyTree, PyTree]) -> tuple[PyTree, PyTree]:
        return _kahan(*carry, part(index))

    zero = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(part, jnp.zeros((), jnp.int32)))
    return jax.lax.fori_loop(0, panels * len(nodes), add, (zero, zero))[0]


def _kahan(total: PyTree, lost: PyTree, new: PyTree) -> tuple[PyTree, PyTree]:
    """Return `total + new` and what the addition rounded away."""
    new = jax.tree.map(jnp.subtract, new, lost)
    after = jax.tree.map(jnp.add, total, new)
    return after, jax.tree.map(lambda after, total, new: (after - total) - new, after, total, new)


def at_a_time(bytes_: int, steps: int, budget: int) -> int:
    """Return how many nodes of so many bytes to look at together: many, but few that only fill the last chunk.

    Example:
        >>> at_a_time(bytes_=10, steps=50, budget=70)
        5
    """
    fits = max(1, min(steps, budget // max(bytes_, 1)))
    return min(range(1, fits + 1), key=lambda size: math.ceil(steps / size) * (size + 1))  # a chunk costs a node, too


def chunked(numbers: np.ndarray, together: int, padding: float | None = None) -> np.ndarray:
    """Return `[chunk, together]`, filled up with the last number, or with `padding`."""
    missing = -len(numbers) % together
    return np.append(numbers, [numbers[-1] if padding is None else padding] * missing).reshape(-1, together)


def change_of(
    f: Callable[[Array], Float[Array, "batch"]],
    x: Float[Array, "batch *feature"],
    baseline: Float[Array, "batch *feature"],
) -> Float[Array, "batch"]:
    """Return `f(x) - f(baseline)`."""
    after, before = jax.lax.map(f, jnp.stack([x, baseline]))
    return after - before


def total(value: Float[Array, "batch *feature"]) -> Float[Array, "batch"]:
    """Return the sum over all features of each row, as if in double precision."""

    def add(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
        sum_ = a[0] + b[0]
        part = sum_ - a[0]
        return sum_, a[1] + b[1] + ((a[0] - (sum_ - part)) + (b[0] - part))  # Knuth's two-sum

    flat = value.reshape(len(value), -1)
    zero = jnp.zeros((), value.dtype)
    high, low = jax.lax.reduce((flat, jnp.zeros_like(flat)), (zero, zero), add, (1,))
    return high + low


def refined(
    attribution: Callable[[Int[Array, ""] | int], PyTree],
    change: Float[Array, "batch"],
    *,
    steps: int,
    tolerance: Any,
    most: int,
    factor: Float[Array, "batch *feature"] | None = None,
) -> Path:
    """Return an attribution with its error; with a tolerance, from twice the steps until every row meets it.

    Args:
        attribution: from the number of parts that the line is cut into to the integral.
        change: what an attribution should sum to.
        steps: nodes on each part.
        tolerance: the error allowed, as a share of the change; None: one part.
        most: steps beyond which no doubling goes.
        factor: what the attribution is multiplied by before it is summed.
    """

    def path(panels: Array | int) -> Path:
        found = attribution(panels)
        return Path(found, jax.tree.map(lambda leaf: total(leaf if factor is None else leaf * factor) - change, found))

    if tolerance is None:
        return path(1)

    def unfinished(state: tuple[Array, Path]) -> Array:
        panels, found = state
        missed = [jnp.any(jnp.abs(error) > tolerance * jnp.abs(change)) for error in jax.tree.leaves(found.error)]
        return jnp.any(jnp.stack(missed)) & (2 * panels * steps <= most)

    def double(state: tuple[Array, Path]) -> tuple[Array, Path]:
        return 2 * state[0], path(2 * state[0])

    one = jnp.ones((), jnp.int32)
    return jax.lax.while_loop(unfinished, double, (one, path(one)))[1]
