"""Ways to change an activation on its way through the model.

An edit is a frozen pytree, so new values never recompile, and stacked leaves under `vmap` are many
interventions in one call. A leaf is a scalar, `[unit]`, or `[time, unit]` / `[batch, time, unit]` (a time axis of
length 1 serves every step). Inside a recurrence the edit acts at every step and takes its own step of the leaf.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def _at(leaf: Any, value: Array, time: Array) -> Array:
    """Select the leaf's own time step(s) and broadcast it to the value."""
    leaf = jnp.asarray(leaf, value.dtype)
    if leaf.ndim >= 2:
        time = jnp.zeros_like(time) if leaf.shape[-2] == 1 else time
        leaf = jnp.take(leaf, time, axis=-2)
    return jnp.broadcast_to(leaf, value.shape)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Scale:
    """Multiply: 0 ablates, 1 leaves alone."""

    factor: Any  # scalar, [unit] or [batch, time, unit]

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `value * factor`."""
        return value * _at(self.factor, value, time)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Add:
    """Add an amount: steering; at a feed-forward site also the handle for gradients with respect to it."""

    amount: Any  # scalar, [unit] or [batch, time, unit]

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `value + amount`."""
        return value + _at(self.amount, value, time)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Affine:
    """Multiply, then add: a factor of 0 forces the amount, one of -1 reflects, 1 and 0 leave alone."""

    factor: Any  # scalar, [unit] or [batch, time, unit]
    amount: Any

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `value * factor + amount`."""
        return value * _at(self.factor, value, time) + _at(self.amount, value, time)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Clamp:
    """Keep within [low, high]; equal bounds force a value."""

    low: Any  # scalar, [unit] or [batch, time, unit]
    high: Any

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `min(max(value, low), high)`."""
        return jnp.clip(value, _at(self.low, value, time), _at(self.high, value, time))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Replace:
    """Put another value in its place, at every step of a recurrence too."""

    value: Any  # scalar, [unit] or [batch, time, unit]

    def __call__(self, value: Array, time: Array) -> Array:
        """Return the replacement, broadcast to `value`."""
        return _at(self.value, value, time)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Project:
    """Go where a point is along some directions, and stay along all others.

    With a mean as the point it erases what the directions tell; with what they were in another run it interchanges
    that. Along `write`, what `read` finds: where both are the same orthonormal rows, the projection is orthogonal.
    """

    point: Any  # scalar, [unit] or [batch, time, unit]
    read: Any  # [direction, unit]
    write: Any  # [direction, unit]
    share: Any = 1.0  # of the way: scalar, or [batch, time, 1] with 0 where nothing is changed

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `value + share * ((point - value) @ read.T) @ write`."""
        read, write = (jnp.asarray(leaf, value.dtype) for leaf in (self.read, self.write))
        along = jnp.matmul(_at(self.point, value, time) - value, read.T, precision="highest")
        return value + _at(self.share, value, time) * jnp.matmul(along, write, precision="highest")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Then:
    """One edit, and another one of what it leaves."""

    first: Any  # Edit
    second: Any

    def __call__(self, value: Array, time: Array) -> Array:
        """Return `second(first(value))`."""
        return self.second(self.first(value, time), time)
