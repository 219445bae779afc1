"""Keep a training in a folder, so that one that was stopped goes on."""

import json
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.flax import load_file, save

from jaxneuron import lock
from jaxneuron.decompose._descent import Training
from jaxneuron.files import beside

STATE = "training.safetensors"
"""The file that a training is kept in."""


class Keeper:
    """Keeps a training in a folder, or nowhere."""

    def __init__(self, directory: Path | None, identity: list[Any]):
        self._file = None if directory is None else Path(directory) / STATE
        self._identity = json.dumps(identity)
        self._saved, self._told = time.monotonic(), 0
        self._lock: Any = None

    def __enter__(self) -> "Keeper":
        if self._file is not None:
            self._lock = lock.folder(self._file.parent)
            self._lock.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._lock is not None:
            self._lock.__exit__(*error)

    def latest(self, begun: Training) -> tuple[Training, list[list[float]]]:
        """Return the training that the folder holds, or one that has not begun, and what its rounds told.

        Raises:
            ValueError: the folder holds another training, or the file is damaged.
        """
        if self._file is None or not self._file.exists():
            return begun, []
        try:
            held = load_file(self._file)
            identity = bytes(np.asarray(held.pop("identity"))).decode()
            told = np.asarray(held.pop("told"), np.float64).tolist()
            leaves, tree = jax.tree.flatten(begun)
            state = jax.tree.unflatten(tree, [held[str(number)] for number in range(len(leaves))])
        except (SafetensorError, KeyError, ValueError) as error:
            raise ValueError(f"{self._file} is damaged ({error}); remove it, and the training begins anew") from error
        if identity != self._identity:
            raise ValueError(
                f"{self._file.parent} holds a training with other settings, or of other activations; give another "
                "folder, or remove it"
            )
        self._told = len(told)
        return state, told

    def save(self, state: Training, told: list[list[float]], seconds: float) -> None:
        """Save a training, if something was done since, and not within so many seconds."""
        if self._file is None or len(told) == self._told or time.monotonic() - self._saved < seconds:
            return
        held = {str(number): leaf for number, leaf in enumerate(jax.tree.leaves(state))}
        held |= {
            "identity": jnp.asarray(np.frombuffer(self._identity.encode(), np.uint8)),
            "told": jnp.asarray(np.array(told, np.float32).reshape(-1, 3)),
        }
        with beside(self._file) as temporary:
            temporary.write_bytes(save(held))
        self._saved, self._told = time.monotonic(), len(told)
