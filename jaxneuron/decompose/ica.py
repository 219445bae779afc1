"""Directions whose codes are as independent of each other as can be: independent components, after FastICA.

Hyvärinen, Oja 2000, "Independent component analysis: algorithms and applications": activations are brought to their
leading principal components of variance 1 (`z`), and all rows of `W` are turned at once, to where the mean of
`log cosh(W z)` is farthest from that of a normal distribution, summed over the rows.

FastICA's own step jumps to and fro without end where a component is nearly normal, as some of a transformer's are. We
climb, as Ablin, Cardoso, Gramfort 2018, "Faster ICA under orthogonal constraint" (arXiv:1711.10873): the turn of each
two rows is the slope over the curvature that FastICA takes for independent codes, and a turn that does not get higher
is halved. The loop runs on the device, as one program for all numbers of steps.

Cost:
    No pass of the model: the activations are read for their components, then each step is a product over all tokens.

Fails:
    Components that are nearly normal cannot be told apart, and come out as any rotation. `settled` is false where steps
    ran out. Each key may order and find others.

Peers:
    scikit-learn's FastICA, whose step may jump to and fro without end.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _keys, batching
from jaxneuron.decompose._components import codes, components
from jaxneuron.decompose._near import check, draw
from jaxneuron.table import Table
from jaxneuron.types import Factors

NORMAL = 0.3745672075
"""The mean of `log cosh` of a normal distribution."""

LEAST = 0.01
"""Of the curvature; next to a maximum it is more."""

KEPT = 7
"""Turns that correct the curvature."""


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
        tolerance: how far the cosine between a direction and that of a whole step after it may be from 1.
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


class _Seen(NamedTuple):
    """What rows of `W` are like."""

    far: Float[Array, ""]  # the sum of how far each mean is from that of a normal distribution
    side: Int[Array, "factor"]  # on which side of it, 1 or -1
    slope: Float[Array, "factor factor"]  # of that sum, by a turn of each two rows
    bend: Float[Array, "factor factor"]  # its second derivative, as for independent codes, its sign changed


class _Kept(NamedTuple):
    """The last turns, the oldest first, and by how much the slope fell with each."""

    turns: Float[Array, "kept factor factor"]
    falls: Float[Array, "kept factor factor"]


@jax.jit
def _turn(
    start: Float[Array, "factor factor"], white: Float[Array, "factor token"], steps: Any, tolerance: Any
) -> tuple[Float[Array, "factor factor"], Bool[Array, ""]]:
    blur = 4 * jnp.finfo(white.dtype).eps * len(start)  # of the sum, as it is rounded

    def settled(seen: _Seen) -> Bool[Array, ""]:
        return (
            jnp.max(jnp.sum(_by_bend(seen, seen.slope) ** 2, axis=1)) / 2 <= tolerance
        )  # 1 less a small angle's cosine

    def step(state: Any) -> Any:
        number, rows, seen, kept, size = state
        by = size * _ahead(seen, kept)
        tried = _orthogonal(rows + jnp.matmul(by, rows, precision="highest"))
        there = _look(tried, white)
        along, after = jnp.sum(by * seen.slope), jnp.sum(by * there.slope)
        level = (there.far >= seen.far - blur) & (after >= -0.8 * along)  # too near to tell the height; not too far
        good = (there.far >= seen.far + 1e-4 * along) | level
        more = jax.tree.map(
            lambda old, new: jnp.concatenate([old[1:], new[None]]), kept, _Kept(by, seen.slope - there.slope)
        )
        same = jnp.all(seen.side == there.side)  # else the sum is another
        more = jax.tree.map(lambda new: jnp.where(same, new, 0), more)
        moved = jax.tree.map(lambda new, old: jnp.where(good, new, old), (tried, there, more), (rows, seen, kept))
        return number + 1, *moved, jnp.where(good, 1.0, size / 2).astype(white.dtype)

    rows = _orthogonal(start)
    nothing = jnp.zeros((KEPT, *start.shape), white.dtype)
    first = (0, rows, _look(rows, white), _Kept(nothing, nothing), jnp.ones((), white.dtype))
    _, rows, seen, *_ = jax.lax.while_loop(lambda state: (state[0] < steps) & ~settled(state[2]), step, first)
    return rows, settled(seen)


def _by_bend(seen: _Seen, slope: Float[Array, "factor factor"]) -> Float[Array, "factor factor"]:
    return slope / jnp.maximum(seen.bend, LEAST)


def _ahead(seen: _Seen, kept: _Kept) -> Float[Array, "factor factor"]:
    """Return where to turn: the slope over a curvature that the last turns correct (limited-memory BFGS)."""
    product = jnp.sum(kept.turns * kept.falls, axis=(1, 2))
    weight = jnp.where(product > 0, 1 / jnp.where(product > 0, product, 1), 0)
    slope, shares = seen.slope, []
    for turn, fall, one in zip(kept.turns[::-1], kept.falls[::-1], weight[::-1], strict=True):
        shares.append(one * jnp.sum(turn * slope))
        slope = slope - shares[-1] * fall
    by = _by_bend(seen, slope)
    for turn, fall, one, share in zip(kept.turns, kept.falls, weight, shares[::-1], strict=True):
        by = by + turn * (share - one * jnp.sum(fall * by))
    return by


def _look(rows: Float[Array, "factor factor"], white: Float[Array, "factor token"]) -> _Seen:
    codes = jnp.matmul(rows, white, precision="highest")
    bent = jnp.tanh(codes)
    beyond = jnp.mean(jnp.abs(codes) + jnp.log1p(jnp.exp(-2 * jnp.abs(codes))), axis=1) - jnp.log(2.0) - NORMAL
    side = jnp.where(beyond < 0, -1, 1)
    grown = side[:, None] * jnp.matmul(bent, codes.T, precision="highest") / white.shape[1]
    bend = jnp.diagonal(grown) - side * jnp.mean(1 - bent**2, axis=1)
    return _Seen(jnp.sum(jnp.abs(beyond)), side, (grown - grown.T) / 2, (bend[:, None] + bend[None]) / 2)


def _orthogonal(rows: Float[Array, "factor factor"]) -> Float[Array, "factor factor"]:
    """Return the nearest orthogonal matrix, `(W W')^(-1/2) W`."""
    values, vectors = jnp.linalg.eigh(jnp.matmul(rows, rows.T, precision="highest"))
    small = jnp.finfo(rows.dtype).tiny
    return jnp.matmul((vectors / jnp.sqrt(jnp.maximum(values, small))[None]) @ vectors.T, rows, precision="highest")
