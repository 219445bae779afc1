"""Erasures on disk: `erasure.json` says of which site they are, `erasure.safetensors` holds the three arrays.

They are written bit for bit, in the precision that they have.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from jaxneuron.edits import Project
from jaxneuron.erase._table import edit_leaves
from jaxneuron.files import beside, check_there, write_json
from jaxneuron.types import Site

SETTINGS, ARRAYS = "erasure.json", "erasure.safetensors"


class Stored(NamedTuple):
    """What a folder holds."""

    edit: Project
    site: Site  # "" where it is not said
    metadata: dict[str, Any]  # what is said of the model, the text and the concept


def write(folder: Path | str, edit: Project, *, site: Site, metadata: Mapping[str, Any] | None = None) -> None:
    """Write an erasure; each file appears whole or not at all.

    Args:
        folder: made if it is not there.
        edit: of all places, as `erase` returns it.
        site: whose activations it is of.
        metadata: of the model, the text and the concept; as JSON has it.

    Raises:
        ValueError: an edit of some places only, or of many runs.
        OSError: see `files.beside`.
    """
    folder = Path(folder)
    point, read, wrote = (np.asarray(leaf) for leaf in edit_leaves(edit))
    arrays = {"point": np.broadcast_to(point, read.shape[1:]), "read": read, "write": wrote}
    with beside(folder / ARRAYS) as temporary:
        temporary.write_bytes(save({name: np.ascontiguousarray(leaf) for name, leaf in arrays.items()}))
    known = {"site": site, "units": read.shape[1], "directions": read.shape[0], "metadata": dict(metadata or {})}
    write_json(folder / SETTINGS, known)  # last: a folder with it is whole


def read(folder: Path | str) -> Stored:
    """Read an erasure.

    Raises:
        FileNotFoundError: no such folder, or a file is missing.
        ValueError: a damaged file, arrays that do not fit each other, or numbers that are not finite.
    """
    folder = Path(folder)
    made = "the folder of an erasure, as `jaxneuron erase METHOD --out` or jaxneuron.erase.write leaves it"
    check_there(folder, (SETTINGS, ARRAYS), made)
    try:
        known = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        shape = int(known["directions"]), int(known["units"])
        site, metadata = str(known["site"]), dict(known["metadata"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / SETTINGS} is damaged ({error!r}); copy it again") from error
    try:
        found = load_file(folder / ARRAYS)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{folder / ARRAYS} is damaged or cut short ({error}); copy it again") from error
    for name, expected in (("point", shape[1:]), ("read", shape), ("write", shape)):
        if name not in found or found[name].shape != expected:
            had = f"shape {found[name].shape}" if name in found else "none"
            raise ValueError(
                f"{folder}: expected {name} of shape {expected}, got {had}; use the files that were saved together"
            )
        if not np.isfinite(found[name]).all():
            raise ValueError(f"{folder / ARRAYS}: {name} is not finite everywhere; erase again, or copy the file again")
    return Stored(Project(found["point"], found["read"], found["write"]), site, metadata)
