"""Which machine this is."""

import functools
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
from typing import Any

import jax

from benchmarks import measure


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
