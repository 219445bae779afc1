"""Where a command may write, asked before its work: a place that is free, or one where the same command was stopped."""

import json
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

TRAIN = ("config.json", "vocabulary.json")
STUDY = ("settings.json",)
STORE = ("manifest.json",)
"""Files by which a folder is known to be what a command left, the last run or a stopped one."""


def folder(out: Path, marks: Sequence[str]) -> None:
    """Check that a folder can be written: it is not there yet, it is empty, or a run left one of the files `marks`.

    Raises:
        ValueError: a file is in its place, the folder holds something else, or it is not ours to write.
    """
    mode = _mode(out)
    if mode is not None and not stat.S_ISDIR(mode):
        raise ValueError(f"--out {out} is a file; give the folder to write: a new one, or that of a stopped run")
    _reach(out)
    if mode is None or any((out / mark).is_file() for mark in marks):
        return
    if held := _held(out):
        raise ValueError(
            f"--out {out} holds {_some(held)}, but nothing that this command began (no {marks[0]}); "
            "give a new or an empty folder"
        )


def study(out: Path) -> None:
    """Check that the folder of a study can be written, and that the settings of a stopped run can be read.

    Raises:
        ValueError: see `folder`; or the settings are damaged.
    """
    folder(out, STUDY)
    file = out / STUDY[0]
    if file.is_file():
        try:
            known = isinstance(json.loads(file.read_text()), dict)
        except ValueError:  # JSON or UTF-8
            known = False
        if not known:
            raise ValueError(f"--out {out}: {file} is damaged; give a new folder, or remove this one")


def stores(out: Path, parts: Sequence[str]) -> None:
    """Check that a store can be written, or one for each part in a folder of its own.

    Raises:
        ValueError: see `folder`.
    """
    if out.resolve() == Path.cwd():
        raise ValueError(f"--out {out} is the current folder; a store is a folder of its own: name a new one")
    if not parts:
        return folder(out, STORE)
    if (out / STORE[0]).is_file():
        raise ValueError(f"--out {out} is a store; several splits are a store each: give another folder for them")
    if _mode(out) is not None and out.is_dir() and set(_held(out)).isdisjoint(parts):
        folder(out, STORE)
    for part in parts:
        folder(out / part, STORE)


def file(out: Path, key: str) -> None:
    """Check that a file can be written: there is none yet, or one that the same command wrote.

    Args:
        out: the file.
        key: a field of the JSON object that it begins with.

    Raises:
        ValueError: a folder or something else is in its place, or it is not ours to write.
    """
    mode = _mode(out)
    if mode is not None and stat.S_ISDIR(mode):
        raise ValueError(f"--out {out} is a folder; give the file to write, such as {out / 'found.json'}")
    if mode is not None and not (stat.S_ISREG(mode) and _begins(out, key)):
        raise ValueError(
            f"--out {out} holds something that this command did not write; give another file, or remove it"
        )
    _reach(out)
    if mode is not None and not os.access(out, os.W_OK):
        raise ValueError(f"--out {out} may not be written; give another file, or change its permissions")


def _begins(out: Path, key: str) -> bool:
    """Tell whether a file is empty, or begins with a JSON object that has a field, perhaps on several lines."""
    with out.open("rb") as content:
        begin = content.read(2**16)
    return not begin or (begin.startswith(b"{") and f'"{key}"'.encode() in begin)


def _reach(out: Path) -> None:
    """Check that something can be written in the nearest folder that exists, by doing so."""
    near = out
    while (mode := _mode(near)) is None:
        if near.is_symlink():
            raise ValueError(f"--out {out}: {near} is a link to nothing; give another path, or remove the link")
        near = near.parent
    if not stat.S_ISDIR(mode):
        near = near.parent if near == out else near
        if not near.is_dir():
            raise ValueError(f"--out {out}: {near} is a file, not a folder; give another path")
    try:
        tempfile.TemporaryFile(dir=near).close()
    except OSError as error:
        raise ValueError(
            f"--out {out}: nothing can be written in {near.resolve()} ({error.strerror}); give another path"
        ) from error


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _held(out: Path) -> list[str]:
    """Return what a folder holds, but for what is hidden, half written, or a lock."""
    entries = sorted(entry.name for entry in out.iterdir())
    return [name for name in entries if not (name.startswith(".") or name.endswith((".partial", "lock")))]


def _some(entries: Sequence[str], most: int = 3) -> str:
    return ", ".join(entries[:most]) + (f" and {len(entries) - most} more" if len(entries) > most else "")
