"""Which machine this is, and how fast it multiplies matrices: what a share of the peak is a share of."""

import functools
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import measure
from benchmarks.device import sides
from benchmarks.device.sizes import SIZES

PRODUCTS = 10
"""Products of matrices in one measurement of the peak."""


@functools.cache
def name() -> str:
    """Return the name of the device that computes."""
    device = jax.devices()[0]
    return measure.device() if device.platform == "cpu" else device.device_kind


def described() -> dict[str, Any]:
    """Return the device, its memory and driver, and the versions of what runs on it."""
    found = {one: version(one) for one in ("jax", "jaxlib", "torch", "transformers", "triton", "flax", "numpy")}
    device = jax.devices()[0]
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return {
        "device": name(),
        "processor": measure.device(),
        "python": platform.python_version(),
        "nvidia_smi": smi("name,memory.total,driver_version,clocks.sm,clocks.max.sm"),
        "jax_bytes_limit": limit,
        **found,
        **torch_described(),
    }


def version(package: str) -> str | None:
    """Return the version of a package, or None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def torch_described() -> dict[str, Any]:
    """Return what PyTorch says of its device."""
    if not importlib.util.find_spec("torch"):
        return {}
    import torch

    if not torch.cuda.is_available():
        return {"torch_device": "cpu"}
    about = torch.cuda.get_device_properties(0)
    memory = about.total_memory / 2**30
    return {"torch_device": about.name, "torch_memory_gib": memory, "torch_cuda": torch.version.cuda}


def smi(query: str) -> str | None:
    """Return what the driver's tool says, or None where there is no such tool."""
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def tensors() -> Any:
    """Return PyTorch's device: the GPU where there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


_peaks: dict[str, float] = {}


def peak(precision: str) -> float:
    """Return the floating-point operations a second of large products, on the faster of both sides."""
    if precision not in _peaks:
        size = SIZES["tiny" if jax.default_backend() == "cpu" else "full"].matrix
        with sides.products(precision):
            calls = [ours(size, precision)]
            if importlib.util.find_spec("torch"):
                calls.append(theirs(size, precision))
            _peaks[precision] = max(rate(call, size) for call in calls)
    return _peaks[precision]


def rate(call: Callable[[], Any], size: int) -> float:
    """Return the operations a second of `PRODUCTS` products, the best of three runs."""
    sides.done(call())
    times = []
    for _ in range(3):
        began = time.perf_counter()
        sides.done(call())
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
    a, b = torch.randn(2, size, size, dtype=dtype, device=tensors())
    return lambda: [a @ b for _ in range(PRODUCTS)][-1]


def products(run: sides.Run, precision: str) -> Iterator[measure.Row]:
    """Yield the row of the products themselves."""
    size = run.size.matrix
    with sides.products(precision):
        yield from sides.measured(
            run,
            f"{PRODUCTS} products of matrices, {precision}",
            f"{size:,} x {size:,}",
            sides.Side("jax", {"jax": ours(size, precision)}),
            (sides.Side("PyTorch", {"torch": theirs(size, precision)}) for _ in range(1)),
            lambda a, b: f"shapes {a.shape}, {tuple(b.shape)}",
            note="of random numbers",
            work=2 * size**3 * PRODUCTS,
            precision=precision,
        )
