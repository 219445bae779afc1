"""How fast this machine multiplies matrices: what a share of the peak is a share of."""

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.device import machine
from benchmarks.device.precision import done, products
from benchmarks.device.sizes import SIZES

PRODUCTS = 10
"""Products of matrices in one measurement of the peak."""


_peaks: dict[str, float] = {}


def peak(precision: str) -> float:
    """Return the floating-point operations a second of large products, on the faster of both sides."""
    if precision not in _peaks:
        size = SIZES["tiny" if jax.default_backend() == "cpu" else "full"].matrix
        with products(precision):
            calls = [ours(size, precision)]
            if importlib.util.find_spec("torch"):
                calls.append(theirs(size, precision))
            _peaks[precision] = max(rate(call, size) for call in calls)
    return _peaks[precision]


def rate(call: Callable[[], Any], size: int) -> float:
    """Return the operations a second of `PRODUCTS` products, the best of three runs."""
    done(call())
    times = []
    for _ in range(3):
        began = time.perf_counter()
        done(call())
        times.append(time.perf_counter() - began)
    return 2 * size**3 * PRODUCTS / min(times)


def ours(size: int, precision: str) -> Callable[[], Any]:
    """Return the products in JAX, one at a time, of random numbers."""
    dtype = jnp.bfloat16 if precision == "bfloat16" else jnp.float32
    a, b = jax.random.normal(jax.random.key(0), (2, size, size), dtype)
    product = jax.jit(jnp.matmul)
    return lambda: [product(a, b) for _ in range(PRODUCTS)][-1]


def theirs(size: int, precision: str) -> Callable[[], Any]:
    """Return the products in PyTorch."""
    import torch

    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a, b = torch.randn(2, size, size, dtype=dtype, device=machine.tensors())
    return lambda: [a @ b for _ in range(PRODUCTS)][-1]
