"""Gumbel noise at a fraction of the price of a cryptographic generator.

On a CPU, threefry bits for the noise of one step (samples x words x vocabulary) take several times as long as the
matrix products that use it. Annealed noise needs independence, not secrecy: a counter goes twice through a 32-bit
integer mixer with full avalanche (the "lowbias32" constants of C. Wellons, 2018), keyed from a JAX key.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def exponential(key: Array, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """Draw standard exponential noise, `-log(u)`, of which Gumbel noise is `-log`; at most 2^32 numbers a key."""
    first, second = jax.random.bits(key, (2,), jnp.uint32)
    counter = jax.lax.iota(jnp.uint32, math.prod(shape)).reshape(shape)
    bits = _mix(_mix(counter + first) ^ second)
    uniform = (bits >> 8).astype(jnp.float32) * 2.0**-24 + 2.0**-25  # never 0 nor 1
    return -jnp.log(uniform)


def _mix(x: Array) -> Array:
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)
