"""A trained model on disk: a folder with its config, its vocabulary and its weights.

`config.json` and `vocabulary.json` are for people, `best/` holds the weights (orbax), `state/` what the training needs
to go on exactly where it stopped. Everything is written beside its place and then renamed, and weights carry a
listing of their arrays and files with checksums (`listing.json`), so that a damaged copy is named before it is read.
"""

import errno
import json
import logging
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from orbax.checkpoint import v1 as orbax

from jaxneuron import lock
from jaxneuron.files import named, write_json
from jaxneuron.types import Params, Vocabulary

LISTING = "listing.json"


class Header(NamedTuple):
    """The part of a checkpoint that is not weights."""

    config: dict[str, Any]
    vocabulary: Vocabulary
    over: str = ""  # the model that this one stands on, by the name that opens it; "": on none, or nobody knows


@contextmanager
def begun(
    directory: Path, architecture: str, config: dict[str, Any], vocabulary: Vocabulary, *, over: str = ""
) -> Iterator[None]:
    """Hold a folder while a model is trained in it, and write what is known before: the config and the vocabulary.

    Args:
        directory: where the model goes.
        architecture: its name, by which `open` knows it.
        config: its settings.
        vocabulary: its words.
        over: the name of a model that it stands on. A folder beside this one is written down relative to it, so that
            both can be moved together.

    Raises:
        BlockingIOError: another training is at work in the folder.
        ValueError: the folder holds a run that was begun with other settings or other words.
        OSError: the folder cannot be written.
    """
    with lock.folder(directory):
        _check_same(directory, architecture, config, vocabulary)
        write_header(directory, architecture, config, vocabulary, over=over)
        yield


def write_header(
    directory: Path, architecture: str, config: dict[str, Any], vocabulary: Vocabulary, *, over: str = ""
) -> None:
    """Write what is known before training: the config and the vocabulary.

    Args:
        directory: of the model.
        architecture: its name.
        config: its settings.
        vocabulary: its words.
        over: the model that a head was trained over.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_json(
        directory / "vocabulary.json",
        {"words": list(vocabulary.words), "counts": np.asarray(vocabulary.counts).tolist()},
    )
    header = {"architecture": architecture, "config": config}
    write_json(directory / "config.json", header | ({"over": _from(directory, over)} if over else {}))


def _from(directory: Path, over: str) -> str:
    """Return the name of a model as it is written in a folder."""
    folder, home = Path(over).absolute(), directory.absolute().parent
    if not folder.is_dir():
        return over
    return f"../{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)


def load(directory: Path | str, architecture: str) -> Header:
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
    over = header.get("over", "")
    over = str(directory.absolute().parent / over[3:]) if over.startswith("../") else over
    return Header(header["config"], Vocabulary(tuple(words["words"]), np.array(words["counts"])), over)


def _check_same(directory: Path, architecture: str, config: dict[str, Any], vocabulary: Vocabulary) -> None:
    if not (directory / "config.json").exists():
        return
    before = load(directory, architecture)
    config = json.loads(json.dumps(config))  # tuples are lists in the file
    changed = [name for name, value in config.items() if before.config.get(name) != value]
    if changed:
        was = ", ".join(f"{name} {before.config.get(name)!r} -> {config[name]!r}" for name in changed)
        raise ValueError(f"{directory} holds a run with other settings ({was}); choose another folder or remove it")
    if before.vocabulary.words != vocabulary.words:
        raise ValueError(
            f"{directory} holds a run on text with other words or symbols; choose another folder, or give the text it "
            "began with"
        )


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
    """Write a pytree of arrays as one orbax checkpoint; the path appears only once it is whole.

    Raises:
        OSError: the disk is full or not ours to write; what was at the path before is still there.
    """
    beside, before = _beside(path)
    with named(path):
        if before.exists() and not path.exists():  # a killed `save` had moved it out of the way, and no further
            os.replace(before, path)
        _clear(path)
        _check_room(path.parent, sum(leaf.nbytes for leaf in jax.tree.leaves(tree)))
        try:
            _orbax_save(beside, tree)
            write_json(beside / LISTING, {"arrays": _shapes(tree), "files": _checksums(beside)})
        except OSError:
            _clear(path)  # the room is needed
            raise
        if path.exists():
            os.replace(path, before)
        os.replace(beside, path)
        _clear(path)


def _beside(path: Path) -> tuple[Path, Path]:
    """Return where a checkpoint is written, and where the one before it waits."""
    return path.with_name(path.name + ".partial"), path.with_name(path.name + ".before")


def _clear(path: Path) -> None:
    """Remove what a save leaves beside its path, orbax's own temporary folder too."""
    for _ in range(40):  # a failed save's threads may write on for a moment
        left_over = [*path.parent.glob(f"{path.name}.partial*"), *path.parent.glob(_beside(path)[1].name)]
        if not left_over:
            break
        for folder in left_over:
            shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


def _check_room(directory: Path, size: int) -> None:
    """Raise an OSError if so many bytes have no room, before orbax's threads begin to write."""
    directory.mkdir(parents=True, exist_ok=True)
    total, _, free = shutil.disk_usage(directory)
    if total and free < size:  # some network file systems tell nothing
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {size:,} bytes are needed, {free:,} are free")


def _orbax_save(path: Path, tree: Any) -> None:
    """Save, and tell a full disk as an OSError: orbax logs a traceback, and raises a ValueError of tensorstore's."""
    path.mkdir(parents=True)  # orbax's threads would wait minutes for a folder that cannot be made
    path.rmdir()
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        orbax.save(str(path), tree)
    except ValueError as error:
        code = re.search(r"os_error_code='(\d+)'", str(error))
        if code is None:
            raise
        raise OSError(int(code[1]), os.strerror(int(code[1]))) from error
    finally:
        logger.setLevel(level)


def _shapes(tree: Any) -> dict[str, list[int]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): list(leaf.shape) for path, leaf in leaves}


def _checksums(path: Path) -> dict[str, int]:
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != LISTING)
    return {file.relative_to(path).as_posix(): zlib.crc32(file.read_bytes()) for file in files}


def restore(directory: Path | str, like: Params, name: str = "best") -> Params:
    """Read a pytree of arrays shaped like `like`.

    Args:
        directory: of the model.
        like: arrays, or their shapes.
        name: which of the kept weights.

    Returns:
        The arrays of that name.

    Raises:
        FileNotFoundError: there are no weights yet.
        ValueError: the weights are damaged, cut short, or not those of the config.
    """
    path = Path(directory).absolute() / name
    if not path.exists() and _beside(path)[1].exists():  # a killed `save` had moved it out of the way
        path = _beside(path)[1]
    if not path.exists():
        raise FileNotFoundError(
            f"{directory} has no weights yet ({name}/ is missing): its training has not ended its first epoch; give "
            "the command that began it again"
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
