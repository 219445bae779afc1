"""A trained model on disk: a folder with its config, its vocabulary and its weights.

`config.json` and `vocabulary.json` are for people, `best/` holds the weights (orbax), `state/` what the training needs
to go on exactly where it stopped. Everything is written beside its place and then renamed.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from orbax.checkpoint import v1 as orbax

from jaxneuron.types import Params, Vocabulary


class Stored(NamedTuple):
    """The part of a checkpoint that is not weights."""

    config: dict[str, Any]
    vocabulary: Vocabulary


def write_json(path: Path, content: Any) -> None:
    """Write beside, then rename: a reader never sees half a file."""
    beside = path.with_name(path.name + ".partial")
    beside.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(beside, path)


def write_header(directory: Path, architecture: str, config: dict[str, Any], vocabulary: Vocabulary) -> None:
    """Write what is known before training: the config and the vocabulary."""
    directory.mkdir(parents=True, exist_ok=True)
    write_json(
        directory / "vocabulary.json",
        {"words": list(vocabulary.words), "counts": np.asarray(vocabulary.counts).tolist()},
    )
    write_json(directory / "config.json", {"architecture": architecture, "config": config})


def load(directory: Path | str, architecture: str) -> Stored:
    """Read the config and the vocabulary.

    Raises:
        FileNotFoundError: there is no checkpoint.
        ValueError: it is of another architecture, or a file is damaged.
    """
    directory = Path(directory)
    header = _read_json(directory / "config.json", directory)
    if header.get("architecture") != architecture:
        raise ValueError(f"{directory} holds a {header.get('architecture')!r} checkpoint, expected {architecture!r}")
    words = _read_json(directory / "vocabulary.json", directory)
    return Stored(header["config"], Vocabulary(tuple(words["words"]), np.array(words["counts"])))


def _read_json(path: Path, directory: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(
            f"no checkpoint in {directory}: {path.name} is missing; "
            f"train one with `jaxneuron train imaginet --out {directory}`"
        )
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}); train the model again") from error


def save(path: Path, tree: Any) -> None:
    """Write a pytree of arrays as one orbax checkpoint; the path appears only once it is whole."""
    orbax.save(path, tree, overwrite=True)


def restore(directory: Path | str, like: Params, name: str = "best") -> Params:
    """Read a pytree of arrays shaped like `like`.

    Raises:
        FileNotFoundError: there are no weights yet.
        ValueError: the weights are damaged, cut short, or of another shape.
    """
    path = Path(directory).absolute() / name
    if not path.exists():
        raise FileNotFoundError(
            f"{directory} has no weights ({name}/ is missing); did its training end its first epoch?"
        )
    try:
        tree = orbax.load(path, like)
    except Exception as error:  # orbax and tensorstore raise a dozen kinds for a damaged checkpoint
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"the checkpoint {path} is damaged or cut short ({reason}); copy it again or train anew"
        ) from error
    for expected, given in zip(jax.tree.leaves(like), jax.tree.leaves(tree), strict=True):
        if expected.shape != given.shape:
            raise ValueError(f"{path}: expected weights of shape {expected.shape}, got {given.shape}: another config?")
    return tree
