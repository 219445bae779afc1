"""Directions whose codes are as independent of each other as can be: independent components, by FastICA.

Hyvärinen, Oja 2000, "Independent component analysis: algorithms and applications": activations are brought to their
leading principal components of variance 1 (`z`), and all rows of `W` are turned at once, to where the mean of
`log cosh(W z)` is farthest from that of a normal distribution:

    W <- orthogonal(mean(tanh(W z) z') - mean(1 - tanh(W z)^2) W)

The loop runs on the device, as one program for all numbers of steps.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import _keys, batching
from jaxneuron.decompose._components import codes, components
from jaxneuron.decompose._near import check, draw
from jaxneuron.table import Table
from jaxneuron.types import Factors


def decompose(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    steps: int = 2_000,
    tolerance: float = 1e-4,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Factors:
    """Find independent components: `activations ≈ mean + codes @ basis`.

    Args:
        key: one key, for the first directions.
        activations: of a sample of tokens, as an array or a site of a store.
        factors: components, at most as many as tokens or units.
        steps: at most.
        tolerance: how far the cosine between a direction and that of the step before may be from 1.
        budget: bytes for a block of tokens; the codes of all tokens are held beside it.
        progress: called after each block that is read.

    Returns:
        `codes` have mean 0 and variance 1; `basis` is what each adds to the units, the longest first, its largest entry
        above 0. What two components share alike cannot be told apart, and a normal distribution is like any other
        direction; `settled` is false where the steps ran out.

    Raises:
        TypeError: activations that are no real numbers, or no key.
        ValueError: more factors than tokens or units, or than there are directions in which anything changes; an
            activation that is not finite.

    Example:
        >>> a = np.random.default_rng(0).laplace(size=(2000, 2)) @ np.array([[4.0, 2.0], [0.0, 2.0]])
        >>> found = decompose(jax.random.key(0), a, factors=2)
        >>> np.abs(np.asarray(found.basis / found.basis.max(axis=1, keepdims=True))).round(1).tolist()
        [[1.0, 0.5], [0.0, 1.0]]
    """
    key = _keys.checked(key)
    check(activations, factors)
    found = components(activations, factors, budget=budget, progress=progress)
    alive = int(np.sum(found.variance > 1e-10 * found.variance[0]))
    if alive < factors:
        raise ValueError(f"the activations vary in {alive} directions only; ask for {alive} factors at most")
    deviation = np.sqrt(found.variance)
    white = codes(activations, found.basis.T / (deviation * found.scale), found.mean, budget)
    turned, settled = _turn(draw(key, (factors, factors), white), white.T, steps, tolerance)
    basis = np.asarray(turned, np.float64) @ (deviation[:, None] * found.basis)
    order = np.argsort(-np.linalg.norm(basis, axis=1), kind="stable")
    sign = np.where(np.take_along_axis(basis, np.abs(basis).argmax(axis=1)[:, None], 1) < 0, -1, 1)
    basis, turned = (basis * sign)[order] * found.scale, (np.asarray(turned) * sign)[order]
    most, single = np.abs(basis).max(), np.finfo(np.float32)
    if not single.tiny < most < single.max:
        raise ValueError(
            f"the basis goes up to {most:g}, which float32 does not hold; divide the activations by their scale"
        )
    return Factors(white @ jnp.asarray(turned.T, white.dtype), jnp.asarray(basis.astype(np.float32)), settled)


@partial(jax.jit)
def _turn(
    start: Float[Array, "factor factor"], white: Float[Array, "factor token"], steps: Any, tolerance: Any
) -> tuple[Float[Array, "factor factor"], Bool[Array, ""]]:
    def step(state: Any) -> Any:
        number, rows, _ = state
        bent = jnp.tanh(jnp.matmul(rows, white, precision="highest"))
        grown = jnp.matmul(bent, white.T, precision="highest") / white.shape[1]
        new = _orthogonal(grown - jnp.mean(1 - bent**2, axis=1)[:, None] * rows)
        return number + 1, new, jnp.max(jnp.abs(jnp.abs(jnp.sum(new * rows, axis=1)) - 1))

    first = (0, _orthogonal(start), jnp.asarray(jnp.inf, white.dtype))
    _, rows, moved = jax.lax.while_loop(lambda state: (state[0] < steps) & (state[2] > tolerance), step, first)
    return rows, moved <= tolerance


def _orthogonal(rows: Float[Array, "factor factor"]) -> Float[Array, "factor factor"]:
    """Return the nearest orthogonal matrix, `(W W')^(-1/2) W`."""
    values, vectors = jnp.linalg.eigh(jnp.matmul(rows, rows.T, precision="highest"))
    small = jnp.finfo(rows.dtype).tiny
    return jnp.matmul((vectors / jnp.sqrt(jnp.maximum(values, small))[None]) @ vectors.T, rows, precision="highest")
