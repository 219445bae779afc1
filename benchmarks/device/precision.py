"""How both sides compute: products of float32 alike, and nothing left running when a clock is read."""

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import jax

PRECISIONS = {"float32": ("highest", "highest"), "tf32": ("tensorfloat32", "high"), "bfloat16": ("default", "high")}
"""How products of float32 are computed: the name of a setting -> JAX's, PyTorch's. Of bfloat16 there is one way."""


@contextlib.contextmanager
def products(precision: str) -> Iterator[None]:
    """Compute products of float32 alike on both sides."""
    ours, theirs = PRECISIONS[precision]
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_float32_matmul_precision(theirs)
    with jax.default_matmul_precision(ours):
        yield


def done(result: Any) -> Any:
    """Wait for what either side has begun."""
    if importlib.util.find_spec("torch"):
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
    return jax.block_until_ready(result)
