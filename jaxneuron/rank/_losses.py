"""What a linear probe loses on its labels: three losses, each exact where it is near zero, and their slopes.

Labels lead and tokens come last (`[label, probe, token]`): the softmax is then a sum over whole rows of numbers, and
a loss with its slope is two matrix products that read the activations once for all probes.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from jaxneuron.rank._blocks import Kind


class Linear(NamedTuple):
    """Weights and bias of the probes, or what belongs to each of them."""

    weights: Array  # [label, probe, unit]
    bias: Array  # [label, probe]


def table(labels: Array, kind: Kind) -> Array:
    """Return labels as `[label, 1, token]`."""
    if kind.loss == "softmax":
        return (labels[None, None] == jnp.arange(kind.count, dtype=labels.dtype)[:, None, None]).astype(jnp.float32)
    return labels.T[:, None]


def standardised(x: Array, mean: Array, scale: Array) -> Array:
    """Return the activations as the probe sees them."""
    return (x - mean[None]) / scale[None]


def scores(linear: Linear, x: Array) -> Array:
    """Return the logits `[label, probe, token]`."""
    return jnp.einsum("lpu,tu->lpt", linear.weights, x) + linear.bias[..., None]


def measured(z: Array, y: Array, kind: Kind) -> tuple[Array, Array]:
    """Return the loss of each token, in nats or squares, and its derivative by the logits.

    The loss is `[1, probe, token]` of classes, else `[label, probe, token]`. Both keep their digits where a label is
    nearly certain: they are sums over the other labels, where `1 - p` would be mere rounding.
    """
    if kind.loss == "squares":
        return (z - y) ** 2, 2 * (z - y)
    if kind.loss == "sigmoid":
        away = 1 - 2 * y
        return jax.nn.softplus(away * z), away * jax.nn.sigmoid(away * z)
    ahead = jnp.where(y > 0, -jnp.inf, z - _folded(jnp.add, z * y))  # of the other labels, how far above the label
    most = jnp.maximum(_folded(jnp.maximum, ahead), 0)
    others, own = jnp.exp(ahead - most), jnp.exp(-most)
    total = _folded(jnp.add, others)
    loss = jnp.where(most > 0, most + jnp.log(total + own), jnp.log1p(total))
    return loss, (others - y * total) / (total + own)


def _folded(join: Callable[[Array, Array], Array], rows: Array) -> Array:
    """Return all rows joined into one, by halves: XLA's reduction over a leading axis is 30 times slower on CPUs."""
    while len(rows) > 1:
        half = len(rows) // 2
        rows = jnp.concatenate([join(rows[:half], rows[half : 2 * half]), rows[2 * half :]])
    return rows


def slope(linear: Linear, x: Array, y: Array, share: Array, kind: Kind) -> Linear:
    """Return the gradient of the loss; `share[probe, token]` weighs the tokens."""
    residual = measured(scores(linear, x), y, kind)[1] * share[None]
    return towards(residual, x)


def towards(residual: Array, x: Array) -> Linear:
    """Return the gradient by weights and bias from that by the logits."""
    return Linear(jnp.einsum("lpt,tu->lpu", residual, x), jnp.sum(residual, axis=-1))
