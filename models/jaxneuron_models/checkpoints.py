"""A trained model on disk: a folder with its config, its vocabulary and its weights.

`config.json` and `vocabulary.json` are for people, `best/` holds the weights (orbax), `state/` what the training needs
to go on exactly where it stopped. Everything is written beside its place and then renamed, and weights carry a
listing of their arrays and files with checksums (`listing.json`), so that a damaged copy is named before it is read.
"""

import json
import os
import shutil
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from orbax.checkpoint import v1 as orbax

from jaxneuron.types import Params, Vocabulary

LISTING = "listing.json"


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


def check_same(directory: Path, architecture: str, config: dict[str, Any]) -> None:
    """Raise a ValueError if `directory` holds a run that was begun with other settings."""
    if not (directory / "config.json").exists():
        return
    before = load(directory, architecture).config
    changed = [name for name, value in config.items() if before.get(name) != value]
    if changed:
        was = ", ".join(f"{name} {before.get(name)!r} -> {config[name]!r}" for name in changed)
        raise ValueError(f"{directory} holds a run with other settings ({was}); choose another folder or remove it")


def _read_json(path: Path, directory: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(
            f"no checkpoint in {directory}: {path.name} is missing; "
            f"train one with `jaxneuron train ... --out {directory}`"
        )
    try:
        return json.loads(path.read_text())
    except ValueError as error:  # JSON or UTF-8
        raise ValueError(f"{path} is damaged ({error}); train the model again") from error


def save(path: Path, tree: Any) -> None:
    """Write a pytree of arrays as one orbax checkpoint; the path appears only once it is whole."""
    beside, before = (path.with_name(path.name + end) for end in (".partial", ".before"))
    for left_over in (beside, before):
        shutil.rmtree(left_over, ignore_errors=True)
    orbax.save(str(beside), tree)
    write_json(beside / LISTING, {"arrays": _shapes(tree), "files": _checksums(beside)})
    if path.exists():
        os.replace(path, before)
    os.replace(beside, path)
    shutil.rmtree(before, ignore_errors=True)


def _shapes(tree: Any) -> dict[str, list[int]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): list(leaf.shape) for path, leaf in leaves}


def _checksums(path: Path) -> dict[str, int]:
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != LISTING)
    return {file.relative_to(path).as_posix(): zlib.crc32(file.read_bytes()) for file in files}


def restore(directory: Path | str, like: Params, name: str = "best") -> Params:
    """Read a pytree of arrays shaped like `like`.

    Raises:
        FileNotFoundError: there are no weights yet.
        ValueError: the weights are damaged, cut short, or not those of the config.
    """
    path = Path(directory).absolute() / name
    if not path.exists():
        raise FileNotFoundError(
            f"{directory} has no weights ({name}/ is missing); did its training end its first epoch?"
        )
    if (path / LISTING).exists():
        _check(path, like)
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    like = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=here), like)
    try:
        return orbax.load(str(path), like)
    except Exception as error:  # without a listing: orbax and tensorstore raise a dozen kinds
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"the checkpoint {path} is damaged or does not fit ({reason}); copy it again or train anew"
        ) from error


def _check(path: Path, like: Any) -> None:
    """Raise a ValueError for what is damaged or does not fit; orbax would tell it in pages, and on stderr."""
    listing, given = _read_json(path / LISTING, path), _checksums(path)
    for name, checksum in listing["files"].items():
        if given.get(name) != checksum:
            what = "is not what was written" if name in given else "is missing"
            raise ValueError(
                f"the checkpoint {path} is damaged or cut short: {name} {what}; copy it again or train anew"
            )
    expected, stored = _shapes(like), listing["arrays"]
    for name in expected | stored:
        if expected.get(name) != stored.get(name):
            raise ValueError(
                f"the checkpoint {path} does not fit its config.json: {name} has the shape {stored.get(name)}, "
                f"expected {expected.get(name)}; use the files that were saved together"
            )
