"""Logistic regressions of one unit each, for every label and fold of one unit at once.

The problem is scikit-learn's `LogisticRegression`: `min ½w² + C Σ log(1 + exp(-y(wx + b)))`, whose bias is free. There
is no way around the tokens here, as there is for the hinge (`_margin`): `p = sigmoid(wx + b)` takes all of them. But
with two parameters a Newton step needs five sums only, and the folds begin where the fit to all tokens ends, which is
two or three steps away.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron.rank.single_neuron import _margin
from jaxneuron.rank.single_neuron._margin import Machines

STEPS = 50
"""Newton steps at most; three to eight are usual."""

CLOSE = 1e-3
"""A step this short, in standard deviations of the unit, is the last: what it leaves is its square."""

STEEP = 0.5
"""A step is halved if the slope at its end is more than this share of that at its beginning, uphill."""

MOST = 1e30
"""The strongest pull on a weight: beyond, on a unit that hardly moves, the weight is 0 in any case."""

ENTRIES = 2**18
"""Tokens times machines that are in work at a time, so that they stay in the cache."""


class Membership(NamedTuple):
    """Who has which label, and who is tested when; the same for all units."""

    held: Bool[Array, "label token"]
    fold: Int[Array, "token"]
    folds: int


def design(labels: Bool[np.ndarray, "token label"], folds: Int[np.ndarray, "token"]) -> Membership:
    """Return who has which label and is in which fold, on the device."""
    made = Membership(jnp.asarray(labels.T), jnp.asarray(folds, jnp.int32), int(folds.max()) + 1)
    machines(np.zeros(len(folds), np.float32), made, 1.0, False)  # compiles here, or else each thread would
    return made


def machines(values: Float[np.ndarray, "token"], design: Membership, cost: float, balanced: bool) -> Machines:
    """Train and test the machines of one unit: one for every label and fold."""
    u, mean, scale = _margin.standard(values)
    batch = max(1, ENTRIES // len(u))
    pull = np.float32(min(1 / scale**2, MOST))
    given = u, design.held, design.fold, pull, cost, np.bool_(balanced)
    v, b, hits, alarms = _all(*given, folds=design.folds, batch=batch)
    weight = np.asarray(v, np.float64) / scale
    bias = np.asarray(b, np.float64) - weight * mean
    return Machines(weight, bias, np.asarray(hits, np.int64), np.asarray(alarms, np.int64))


@functools.partial(jax.jit, static_argnames=("folds", "batch"))
def _all(
    u: Float[Array, "token"],
    held: Bool[Array, "label token"],
    fold: Int[Array, "token"],
    pull: Float[Array, ""],
    cost: Float[Array, ""],
    balanced: Bool[Array, ""],
    *,
    folds: int,
    batch: int,
) -> tuple[Array, Array, Array, Array]:
    """Return weight, bias, hits and alarms, `[label, fold]`, of a unit of mean 0 and deviation 1."""
    labels = len(held)
    everyone = jnp.ones(len(u), bool)

    def of_label(label: Array) -> tuple[Array, Array]:
        return _fit(u, held[label], everyone, pull, cost, balanced, _level(held[label], everyone))

    def of_fold(problem: tuple[Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        label, number, start = problem
        y, tested = held[label], fold == number
        v, b = _fit(u, y, ~tested, pull, cost, balanced, start)
        named = tested & (v * u + b > 0)
        hits = jnp.sum(named & y)
        return v, b, hits, jnp.sum(named) - hits

    starts = jnp.stack(jax.lax.map(of_label, jnp.arange(labels), batch_size=min(batch, labels)), axis=-1)
    label, number = (grid.ravel() for grid in jnp.meshgrid(jnp.arange(labels), jnp.arange(folds), indexing="ij"))
    found = jax.lax.map(of_fold, (label, number, starts[label]), batch_size=min(batch, labels * folds))
    return jax.tree.map(lambda leaf: leaf.reshape(labels, folds), found)


def _level(y: Bool[Array, "token"], trained: Bool[Array, "token"]) -> Float[Array, "2"]:
    """Return weight 0, and the bias that gives the share of the label (half a token more on each side)."""
    with_label, tokens = jnp.sum(y & trained), jnp.sum(trained)
    return jnp.stack([jnp.float32(0), jnp.log((with_label + 0.5) / (tokens - with_label + 0.5))])


def _fit(
    u: Float[Array, "token"],
    y: Bool[Array, "token"],
    trained: Bool[Array, "token"],
    pull: Float[Array, ""],
    cost: Float[Array, ""],
    balanced: Bool[Array, ""],
    start: Float[Array, "2"],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return the weight and bias of one machine; where all tokens are of one kind, only their share counts."""
    powers = jnp.stack([jnp.ones_like(u), u, u * u], axis=1)
    held, tokens = jnp.sum(y & trained), jnp.sum(trained)
    # scikit-learn's class_weight="balanced": tokens / (2 * tokens of the side)
    each = jnp.where(balanced, tokens / (2 * jnp.maximum(jnp.where(y, held, tokens - held), 1)), 1).astype(u.dtype)
    each = each * trained

    def slopes(at: Array) -> tuple[Array, Array]:
        """Return the gradient in `v, b`, and the curvature `vv, vb, bb`."""
        v, b = at
        p = jax.nn.sigmoid(v * u + b)
        n, s = (each * (p - y)) @ powers[:, :2]
        q, qu, quu = (each * p * (1 - p)) @ powers
        return jnp.stack([v * pull + cost * s, cost * n]), jnp.stack([pull + cost * quu, cost * qu, cost * q])

    def newton(gradient: Array, curvature: Array) -> Array:
        vv, vb, bb = curvature
        determinant = jnp.maximum(vv * bb - vb * vb, 1e-6 * vv * bb) + 1e-30
        return jnp.stack([vb * gradient[1] - bb * gradient[0], vb * gradient[0] - vv * gradient[1]]) / determinant

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        count, at, gradient, toward, share = state
        there, curvature = slopes(at + share * toward)
        # Along a line, the slope of a convex function rises: if it is not far above 0, the step did not go too far.
        good = jnp.vdot(there, toward) <= -STEEP * jnp.vdot(gradient, toward)
        new = jnp.where(good, at + share * toward, at)
        gradient, toward = jnp.where(good, there, gradient), jnp.where(good, newton(there, curvature), toward)
        return count + 1, new, gradient, toward, jnp.where(good, 1.0, share / 2)

    def going(state: tuple[Array, ...]) -> Array:
        count, at, _, toward, share = state
        return (count < STEPS) & (share * jnp.max(jnp.abs(toward)) > CLOSE * (1 + jnp.max(jnp.abs(at))))

    level = _level(y, trained)
    one_kind = jnp.all(y | ~trained) | ~jnp.any(y & trained)
    at = jnp.where(one_kind, level, start)
    gradient, curvature = slopes(at)
    toward = jnp.where(one_kind, 0, newton(gradient, curvature))
    _, at, _, toward, share = jax.lax.while_loop(going, step, (jnp.int32(0), at, gradient, toward, jnp.float32(1)))
    v, b = at + share * toward
    return v, b
