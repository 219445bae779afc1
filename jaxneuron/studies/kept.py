"""What is done stays done: the results of each stage and the probes, on disk."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxneuron.files import beside, write_json
from jaxneuron.types import Probe

Rows = Any
"""What a stage leaves: anything that JSON can hold."""


def stage(directory: Path, name: str, compute: Callable[[], Rows]) -> Rows:
    """Return what a stage left in an earlier run, or compute it and leave it."""
    path = directory / "stages" / f"{name}.json"
    if not path.exists():
        write_json(path, plain(compute()))
    return json.loads(path.read_text())


def plain(value: Any) -> Any:
    """Return arrays and their numbers as lists and Python numbers.

    Example:
        >>> plain({"counts": np.arange(2), "share": np.float32(0.5)})
        {'counts': [0, 1], 'share': 0.5}
    """
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def arrays(path: Path, compute: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return named arrays from a file, or compute them and write it."""
    if not path.exists():
        found = {name: np.asarray(value) for name, value in compute().items()}
        with beside(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **found)  # pyright: ignore[reportArgumentType] (its stub takes the names for options)
    with np.load(path) as stored:
        return dict(stored)


def probe(path: Path, compute: Callable[[], Probe]) -> Probe:
    """Return a probe from a file, or fit it and write it; its settings are not kept."""
    fields = Probe._fields[:4]
    found = arrays(path, lambda: dict(zip(fields, compute()[:4], strict=True)))
    return Probe(settings={}, **{field: jnp.asarray(found[field]) for field in fields})
