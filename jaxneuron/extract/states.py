"""What a worker knows so far, on disk: whole or not at all, checked when it is read.

state-0-of-2.json    what was asked, how far it is, and the checksum of the numbers
state-0-of-2.17.npz  the numbers after 17 blocks; tables of counts that are mostly 0 by what is not 0
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from xxhash import xxh3_128

from jaxneuron.files import beside, write_json


class Progressed(NamedTuple):
    """How far a worker is."""

    asked: dict[str, Any]  # what must be the same for all workers, as JSON has it
    worker: int
    of: int  # workers
    done: int  # blocks
    blocks: int  # of this worker
    words: int  # that were read

    @property
    def name(self) -> str:
        """Return what its files are called by."""
        return f"state-{self.worker}-of-{self.of}"


def save(folder: Path, progressed: Progressed, state: Any) -> None:
    """Write a worker's state; what it wrote before is removed when this is whole.

    Args:
        folder: of the worker.
        progressed: how far it is.
        state: what it knows, a pytree of arrays.

    Raises:
        OSError: see `files.beside`.
    """
    file = folder / f"{progressed.name}.{progressed.done}.npz"
    with beside(file) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for number, leaf in enumerate(jax.tree.leaves(state)):
            for name, value in _plain(number, np.asarray(leaf)).items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                    np.lib.format.write_array(stream, value, allow_pickle=False)
    document = {"file": file.name, "checksum": _checksum(file), **progressed._asdict()}
    write_json(folder / f"{progressed.name}.json", document)
    for old in folder.glob(f"{progressed.name}.*.npz"):
        if old != file:
            with suppress(OSError):
                old.unlink()


def found(folders: Sequence[Path]) -> list[Path]:
    """Return the states in some folders."""
    return [file for folder in folders for file in sorted(folder.glob("state-*-of-*.json"))]


def load(file: Path, template: Any) -> tuple[Progressed, Any]:
    """Return a worker's state.

    Args:
        file: of `found`.
        template: a state of the same shape.

    Raises:
        ValueError: it is damaged, or of another shape.
    """
    progressed, name, checksum = _read(file)
    numbers = file.with_name(name)
    try:
        if _checksum(numbers) != checksum:
            raise ValueError("its checksum is another")
        with np.load(numbers) as content:
            leaves = _leaves(content)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"cannot read {numbers} ({error}); remove it and {file.name}, and begin anew") from error
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(template)]
    if shapes != [leaf.shape for leaf in leaves]:
        raise ValueError(f"{file} is of other sites or statistics than were asked for; give another folder")
    return progressed, jax.tree.unflatten(jax.tree.structure(template), leaves)


def progress(file: Path) -> Progressed:
    """Return how far a worker is, without its numbers.

    Raises:
        ValueError: it is damaged.
    """
    return _read(file)[0]


def _read(file: Path) -> tuple[Progressed, str, str]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return (
            Progressed(**{name: document.pop(name) for name in Progressed._fields}),
            document.pop("file"),
            document.pop("checksum"),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"cannot read {file} ({error}); remove it, and begin anew") from error


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, xxh3_128).hexdigest()


def _plain(number: int, leaf: np.ndarray) -> dict[str, np.ndarray]:
    """Return an array by its number; of one that is mostly 0, what is not."""
    places = np.flatnonzero(leaf) if leaf.dtype.kind == "i" and leaf.size > 1000 else None
    if places is None or len(places) > leaf.size // 4:
        return {f"{number}": leaf}
    return {
        f"{number}.shape": np.array(leaf.shape),
        f"{number}.place": places,
        f"{number}.count": leaf.reshape(-1)[places],
    }


def _leaves(content: Any) -> list[np.ndarray]:
    leaves = []
    while (name := f"{len(leaves)}") in content or f"{name}.shape" in content:
        if name in content:
            leaves.append(content[name])
        else:
            count = content[f"{name}.count"]
            leaf = np.zeros(content[f"{name}.shape"], count.dtype)
            leaf.reshape(-1)[content[f"{name}.place"]] = count
            leaves.append(leaf)
    return leaves
