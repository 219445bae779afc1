"""What a dictionary is trained to do: to write the output well, with few features, and with none that never fires.

    error = output - (codes @ decoder + decoder_bias),   loss = mean |error|^2 + what active features cost + auxiliary

Of the kind "topk" active features cost nothing, since there are k at most (Gao et al. 2024, "Scaling and evaluating
sparse autoencoders", arXiv 2406.04093); of "relu" they cost their sum (Bricken et al. 2023, "Towards monosemanticity");
of "jumprelu" the square by which their number misses k, with a straight-through gradient of the thresholds
(Rajamanoharan et al. 2024, "Jumping ahead", arXiv 2407.14435). The auxiliary loss of Gao et al. lets features that have
not been active for long explain what the others leave; here by a softplus of what they read, which has a slope also
where they are below 0 everywhere.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron.decompose._few import written
from jaxneuron.dictionary import highest, places


class Costs(NamedTuple):
    """What is weighed against the error, in the unit of activations scaled to a mean norm of sqrt(units)."""

    kind: str  # see `dictionary.KINDS`
    k: int  # features that are active, at most or about
    l1: float  # of the sum of the codes
    l0: float  # of the relative surplus of active features, squared
    auxiliary: float  # of what features that were not active for long could explain
    bandwidth: float  # of thresholds: how near a value is to count for the gradient
    centred: bool  # the decoder's bias is taken off the input


class Measured(NamedTuple):
    """What a batch tells about a dictionary."""

    loss: Float[Array, ""]
    error: Float[Array, ""]  # mean squared norm of what is left
    active: Float[Array, ""]  # features at a token
    fired: Bool[Array, "feature"]  # active anywhere in the batch


def objective(
    weights: dict[str, Any],
    costs: Costs,
    read: Float[Array, "token unit"],
    wanted: Float[Array, "token output"],
    dead: Bool[Array, "feature"],
    weight: Float[Array, ""],
) -> tuple[Float[Array, ""], Measured]:
    """Return the loss of a batch.

    Args:
        weights: of the dictionary, by the names of its fields.
        costs: what is weighed.
        read: the input.
        wanted: the output.
        dead: features that have not been active for long.
        weight: from 0 to 1, of what active features cost: it grows at the beginning.
    """
    encoder, bias = weights["encoder"], weights["encoder_bias"]
    if costs.centred:  # (read - centre) @ encoder, without a gradient of the size of the batch for the centre
        bias = bias - weights["decoder_bias"] @ encoder
    before = read @ encoder + bias[None]
    if costs.kind == "topk":
        out, codes = written(before, places(before, costs.k), weights["decoder"])
        cost = jnp.zeros((), before.dtype)
    else:
        codes, cost = _chosen(weights, costs, before)
        out = codes @ weights["decoder"]
    error = wanted - (out + weights["decoder_bias"][None])
    power = jnp.mean(jnp.sum(jnp.square(error), axis=-1))
    loss = power + weight * cost
    if costs.auxiliary > 0:
        loss = loss + costs.auxiliary * _auxiliary(weights, before, error, dead)
    active = jax.lax.stop_gradient(codes) > 0
    count = jnp.sum(active, axis=0, dtype=jnp.float32)
    return loss, Measured(loss, power, jnp.sum(count) / len(codes), count > 0)


def _chosen(weights: dict[str, Any], costs: Costs, before: Float[Array, "token feature"]) -> tuple[Array, Array]:
    """Return the codes of what is not chosen by its rank, and what they cost."""
    if costs.kind == "relu":
        codes = jax.nn.relu(before)
        return codes, costs.l1 * jnp.mean(jnp.sum(codes, axis=-1))
    threshold = jax.nn.relu(weights["threshold"])
    count = jnp.sum(step(before, threshold, costs.bandwidth), axis=-1)
    return jump(before, threshold, costs.bandwidth), costs.l0 * jnp.square(jnp.mean(count) / costs.k - 1)


@jax.custom_vjp
def step(value: Array, threshold: Array, bandwidth: Any) -> Array:
    """Return 1 where a value is above its threshold, whose gradient is what values within the bandwidth would change.

    Example:
        >>> jax.grad(lambda t: step(jnp.array([[1.0], [3.0]]), t, 1.0).sum())(jnp.array([0.75])).tolist()
        [-1.0]
    """
    return (value > threshold[None]).astype(value.dtype)


def _step_forward(value: Array, threshold: Array, bandwidth: Any) -> tuple[Array, Any]:
    return step(value, threshold, bandwidth), (value, threshold, bandwidth)


def _step_backward(kept: Any, pulled: Array) -> tuple[Array, Array, Any]:
    value, threshold, bandwidth = kept
    near = jnp.abs(value - threshold[None]) < bandwidth / 2
    return jnp.zeros_like(value), -jnp.sum(jnp.where(near, pulled, 0), axis=0) / bandwidth, None


step.defvjp(_step_forward, _step_backward)


@jax.custom_vjp
def jump(value: Array, threshold: Array, bandwidth: Any) -> Array:
    """Return the values above their thresholds, 0 elsewhere; see `step` for the thresholds' gradient."""
    return jnp.where(value > threshold[None], value, 0)


def _jump_forward(value: Array, threshold: Array, bandwidth: Any) -> tuple[Array, Any]:
    return jump(value, threshold, bandwidth), (value, threshold, bandwidth)


def _jump_backward(kept: Any, pulled: Array) -> tuple[Array, Array, Any]:
    value, threshold, bandwidth = kept
    near = jnp.abs(value - threshold[None]) < bandwidth / 2
    moved = -threshold / bandwidth * jnp.sum(jnp.where(near, pulled, 0), axis=0)
    return jnp.where(value > threshold[None], pulled, 0), moved, None


jump.defvjp(_jump_forward, _jump_backward)


def _auxiliary(
    weights: dict[str, Any], before: Float[Array, "token feature"], error: Float[Array, "token output"], dead: Array
) -> Float[Array, ""]:
    """Return the share of the error that dead features leave, if they alone explain it; 0 where none is dead."""
    error = jax.lax.stop_gradient(error)
    most = min(max(error.shape[-1] // 2, 1), before.shape[-1])  # Gao et al., appendix A.2

    def explained(weights: dict[str, Any], before: Array, error: Array) -> Array:
        alone = jnp.where(dead[None], before, -jnp.inf)
        codes = jnp.where(dead[None] & highest(alone, most), jax.nn.softplus(before), 0)
        left = jnp.sum(jnp.square(error - codes @ weights["decoder"]))
        power = jnp.sum(jnp.square(error))
        return jnp.where(power > 0, left / jnp.where(power > 0, power, 1), 0)

    def none(weights: dict[str, Any], before: Array, error: Array) -> Array:
        return jnp.zeros((), error.dtype)

    return jax.lax.cond(jnp.any(dead), explained, none, weights, before, error)
