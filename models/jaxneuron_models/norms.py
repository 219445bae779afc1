"""The norms of transformers: layer normalisation and its form without a mean.

Ba, Kiros, Hinton 2016 (arXiv 1607.06450); Zhang and Sennrich 2019 (arXiv 1910.07467). Unlike flax's they take the
variance of what is centred, which keeps its digits where a mean is large, and square by a product: of the derivative
of `lax.square` under two `vmap`s XLA makes a wrong sum on a CPU (jaxlib 0.10.2; right in 0.11.2).
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float


class LayerNorm(nnx.Module):
    """`(x - mean) / sqrt(variance + epsilon) * scale + bias`, over the units."""

    def __init__(self, width: int, *, epsilon: float, bias: bool = True):
        self.scale, self.bias = nnx.Param(jnp.ones(width)), nnx.Param(jnp.zeros(width)) if bias else None
        self.epsilon = epsilon

    def __call__(self, x: Float[Array, "*batch unit"]) -> Float[Array, "*batch unit"]:
        """Return the normalised units; reckoned in float32 at least."""
        wide = _wide(x)
        centred = wide - jnp.mean(wide, axis=-1, keepdims=True)
        scaled = _scaled(centred, self.scale[...], self.epsilon, x)
        return scaled if self.bias is None else scaled + _row(self.bias[...], x)


class RMSNorm(nnx.Module):
    """`x / sqrt(mean of squares + epsilon) * scale`, over the units.

    Where `less_one`, the weights are the scale less 1, as Gemma stores them: near 1, bfloat16 has two digits only.
    """

    def __init__(self, width: int, *, epsilon: float, less_one: bool = False):
        self.scale = nnx.Param(jnp.zeros(width) if less_one else jnp.ones(width))
        self.epsilon, self.less_one = epsilon, less_one

    def __call__(self, x: Float[Array, "*batch unit"]) -> Float[Array, "*batch unit"]:
        """Return the normalised units; reckoned in float32 at least."""
        wide = _wide(x)
        scale = self.scale[...]
        return _scaled(wide, scale.astype(wide.dtype) + 1 if self.less_one else scale, self.epsilon, x)


def _scaled(wide: Array, scale: Array, epsilon: float, x: Array) -> Array:
    variance = jnp.mean(wide * wide, axis=-1, keepdims=True)
    return (wide * (jax.lax.rsqrt(variance + epsilon) * _row(scale, wide))).astype(x.dtype)


def _wide(x: Array) -> Array:
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def _row(weights: Array, x: Array) -> Array:
    return jnp.broadcast_to(weights.astype(x.dtype), x.shape)


NORMS: dict[str, Callable[..., LayerNorm | RMSNorm]] = {
    "layer": LayerNorm,
    "layer_unbiased": partial(LayerNorm, bias=False),
    "rms": RMSNorm,
    "rms_less_one": partial(RMSNorm, less_one=True),
}
