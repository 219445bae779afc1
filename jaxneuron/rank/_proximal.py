"""Many linear probes in batches of tokens: Adam with a proximal step, so that an L1 penalty gives exact zeros.

The step is that of Yun, Lozano, Yang 2021, "Adaptive proximal gradient methods for structured neural networks"
(ProxGen, NeurIPS): the soft threshold of each weight is the penalty times that weight's own step size. A
subgradient, as in NeuroX, never reaches zero.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxneuron.rank._blocks import Block, Kind
from jaxneuron.rank._losses import Linear, measured, scores, slope, standardised, table

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""Decay of Adam's moments, and what keeps its quotient finite (Kingma and Ba 2015)."""


class Descent(NamedTuple):
    """Where training stands."""

    linear: Linear
    first: Linear  # Adam's moments
    second: Linear
    step: Array


class Given(NamedTuple):
    """A block of tokens, and what its units are to be standardised by."""

    activations: Any  # [token, unit]
    labels: Any  # [token] for classes, else [token, label]
    count: Any  # tokens that are no padding
    mean: Any  # [unit]
    scale: Any  # [unit]


class Penalty(NamedTuple):
    """What holds the weights down."""

    l1: Array  # [probe]
    l2: Array  # [probe]
    mask: Array  # [probe, unit], or [1, unit]: units that a probe may use


def initial(label: int, probe: int, unit: int, groups: int) -> Descent:
    """Return probes that are zero, `groups` of them along a leading axis."""
    shape = (groups, label, probe, unit)
    zero = lambda: Linear(jnp.zeros(shape, jnp.float32), jnp.zeros(shape[:-1], jnp.float32))  # noqa: E731
    return Descent(zero(), zero(), zero(), jnp.zeros(groups, jnp.int32))


def update(state: Descent, gradient: Linear, penalty: Penalty, rate: Array) -> Descent:
    """Take one proximal Adam step; the bias is not penalised."""
    step = state.step + 1
    age = step.astype(jnp.float32)
    weights = state.linear.weights
    slopes = (gradient.weights + 2 * penalty.l2[None, :, None] * weights) * penalty.mask[None]
    gradient = Linear(slopes, gradient.bias)
    first = jax.tree.map(lambda m, g: FIRST * m + (1 - FIRST) * g, state.first, gradient)
    second = jax.tree.map(lambda v, g: SECOND * v + (1 - SECOND) * g**2, state.second, gradient)
    size = jax.tree.map(lambda v: rate / (jnp.sqrt(v / (1 - SECOND**age)) + TINY), second)
    moved = jax.tree.map(lambda w, d, m: w - d * m / (1 - FIRST**age), state.linear, size, first)
    threshold = size.weights * penalty.l1[None, :, None]
    sparse = moved.weights - jnp.clip(moved.weights, -threshold, threshold)
    return Descent(Linear(sparse, moved.bias), first, second, step)


def batches(key: Array, size: int, count: Array, batch: int) -> tuple[Array, Array]:
    """Return the rows of each step, shuffled, and which of them are no padding: `[step, batch]` twice."""
    order = jnp.argsort(jax.random.uniform(key, (size,), jnp.float32) + (jnp.arange(size) >= count))
    missing = -size % batch
    return (
        jnp.pad(order, (0, missing)).reshape(-1, batch),
        (jnp.arange(size + missing) < count).reshape(-1, batch),
    )


def evenly(valid: Array) -> Array:
    """Return the share of each token of a step, in single precision, whatever JAX's default is."""
    return valid.astype(jnp.float32) / jnp.maximum(jnp.sum(valid), 1).astype(jnp.float32)


@partial(jax.jit, static_argnames=("batch", "kind"), donate_argnums=0)
def train(
    state: Descent,
    key: Array,
    block: Given,
    weight: Array,
    penalty: Penalty,
    rate: Array,
    steps: Array,
    *,
    batch: int,
    kind: Kind,
) -> Descent:
    """Go once over a block in shuffled batches; all but the block has a leading axis, one order of tokens for each.

    The learning rate falls from `rate` to zero over `steps`, which averages the noise of the batches away.
    """
    activations, labels, count, mean, scale = block

    def one(state: Descent, key: Array, weight: Array, penalty: Penalty) -> Descent:
        def step(state: Descent, now: tuple[Array, Array]) -> tuple[Descent, None]:
            rows, valid = now
            x = standardised(activations[rows], mean, scale)
            share = weight[:, rows] * evenly(valid)[None]
            gradient = slope(state.linear, x, table(labels[rows], kind), share, kind)
            return update(state, gradient, penalty, rate * jnp.maximum(1 - state.step / steps, 0)), None

        return jax.lax.scan(step, state, batches(key, len(activations), count, batch))[0]

    return jax.vmap(one)(state, key, weight, penalty)


@partial(jax.jit, static_argnames="kind")
def part_loss(linear: Linear, block: Given, *, kind: Kind) -> Array:
    """Return the loss summed over a block, `[group, probe]`."""
    activations, labels, count, mean, scale = block
    x, y = standardised(activations, mean, scale), table(labels, kind)
    each = jax.vmap(lambda linear: jnp.sum(measured(scores(linear, x), y, kind)[0], axis=0))(linear)
    return jnp.sum(each * (jnp.arange(len(x)) < count)[None, None], axis=-1)


@partial(jax.jit, donate_argnums=0)
def keep(best: Linear, linear: Linear, better: Array) -> Linear:
    """Return the new probes where they are better `[group, probe]`, the old ones elsewhere."""
    return Linear(
        jnp.where(better[:, None, :, None], linear.weights, best.weights),
        jnp.where(better[:, None, :], linear.bias, best.bias),
    )


def on_device(block: Block, mean: Array, scale: Array) -> Given:
    """Return a block as the compiled functions take it."""
    return Given(block.activations, block.labels, block.count, mean, scale)
