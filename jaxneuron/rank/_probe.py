"""What every linear probe has: the logits of a subset of its units."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxneuron import batching
from jaxneuron.table import Checked, Table
from jaxneuron.types import Probe


def logits(
    probe: Probe,
    activations: Table,
    mask: Bool[Any, "*masked unit"] | None = None,
    *,
    budget: int = batching.BUDGET,
) -> Float[Array, "*probe token label"]:
    """Return what probes say of each token, from some of the units only.

    `((activations - mean) / scale * mask) @ weights.T + bias`: a unit that is left out stands at its mean, or at zero
    where nothing was standardised.

    Args:
        probe: one or many.
        activations: any tokens; the units that the probe was fitted on.
        mask: units that count; its leading axes, if any, are paired with those of the probe, and one probe may have
            many masks.
        budget: bytes for a block of tokens and its logits; the result itself comes on top.

    Returns:
        Logits, before softmax or sigmoid; or predicted numbers.

    Raises:
        ValueError: other units than the probe's, or an activation that is not finite.

    Example:
        >>> zero, one = jnp.zeros(2), jnp.ones(2)
        >>> probe = Probe(jnp.array([[2.0, 3.0]]), jnp.array([1.0]), zero, one, {})
        >>> logits(probe, np.ones((1, 2)), np.array([[True, True], [True, False]])).ravel().tolist()
        [6.0, 3.0]
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    if units != probe.mean.shape[-1]:
        raise ValueError(
            f"the probe has {probe.mean.shape[-1]} units, the activations have {units}; use the same sites"
        )
    weights, bias = probe.weights, probe.bias
    if mask is not None:
        mask = jnp.asarray(mask)
        if mask.shape[-1] != units:
            raise ValueError(f"expected a mask over {units} units, got the shape {mask.shape}")
        lead = jnp.broadcast_shapes(weights.shape[:-2], mask.shape[:-1])
        weights = jnp.broadcast_to(weights, (*lead, *weights.shape[-2:])) * jnp.broadcast_to(
            mask[..., None, :], (*lead, 1, units)
        )
        bias = jnp.broadcast_to(bias, (*lead, bias.shape[-1]))
    chunk = batching.chunk_size(4 * ((1 + checked.copies) * units + 2 * bias.size), tokens, budget)
    parts = []
    for _, block in checked.blocks(chunk):
        x, mean, scale = on_device(probe, block)
        parts.append(_logits(weights, bias, mean, scale, x))
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=-2)


def on_device(probe: Probe, part: Float[np.ndarray, "token unit"]) -> tuple[Array, Array, Array]:
    """Return activations, and the mean and deviation that remain, in float32; wider numbers are standardised before."""
    if np.float64 in (part.dtype, probe.mean.dtype):
        mean, scale = (np.asarray(x, np.float64) for x in (probe.mean, probe.scale))
        with np.errstate(over="ignore"):
            part = ((part - mean) / scale).astype(np.float32)
        if not np.isfinite(part).all():
            raise ValueError("activations are further from what the probe was fitted on than float32 holds")
        return jnp.asarray(part), jnp.zeros(part.shape[1], part.dtype), jnp.ones(part.shape[1], part.dtype)
    return jnp.asarray(part), jnp.asarray(probe.mean), jnp.asarray(probe.scale)


def moments_of_probe(mean: np.ndarray, scale: np.ndarray, wide: bool) -> tuple[Any, Any]:
    """Return the mean and deviation of units for a probe; float64, on the host, where activations are that wide."""
    return (mean, scale) if wide else (jnp.asarray(mean, jnp.float32), jnp.asarray(scale, jnp.float32))


@jax.jit
def _logits(weights: Array, bias: Array, mean: Array, scale: Array, x: Array) -> Array:
    rows = weights.reshape(-1, weights.shape[-1])
    flat = ((x - mean[None]) / scale[None]) @ rows.T + bias.reshape(1, -1)
    return jnp.moveaxis(flat.reshape(len(x), *bias.shape), 0, -2)


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Return an option as float32.

    Raises:
        ValueError: not one number or a row of numbers of at least 0.
    """
    array = np.asarray(value, np.float32)
    if array.ndim > 1 or not array.size or not (array >= 0).all():
        raise ValueError(
            f"expected `{name}` as one number or a row [probe] of numbers of at least 0, got {value!r:.80}"
        )
    return array
