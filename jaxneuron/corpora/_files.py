"""Which file holds a split, and what a folder has instead."""

import gzip
import re
from io import BufferedReader
from pathlib import Path

NAMES = {"train": ("train",), "dev": ("dev", "val", "valid", "validation"), "test": ("test",)}
"""What the file of a split may be called."""


def open_bytes(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a file for reading its bytes, gzipped if its name says so."""
    if not path.exists():
        raise FileNotFoundError(f"no file {path}; its folder has {listing(path.parent)}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, which has {listing(path)}; give the path of a file")
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def listing(folder: Path) -> str:
    """Return the first names in a folder, for an error message."""
    if not folder.is_dir():
        return "not been found"
    found = sorted(entry.name for entry in folder.iterdir())
    return ", ".join(found[:12]) + (", ..." if len(found) > 12 else "") if found else "no files"


def kind_of(path: Path) -> str:
    """Return the ending of a name without `.gz`: `".txt"` of `train.txt.gz`."""
    return Path(path.name.removesuffix(".gz")).suffix


def either(path: Path) -> Path:
    """Return the path, or that of the same file gzipped where only this one is there."""
    zipped = path.with_name(path.name + ".gz")
    return zipped if zipped.exists() and not path.exists() else path


def named(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder whose names, without `.gz`, fit a pattern such as `"captions_*.json"`."""
    return sorted([*folder.glob(pattern), *folder.glob(f"{pattern}.gz")])


def split_file(path: Path, split: str | None, kinds: tuple[str, ...]) -> Path:
    """Return the file of a split in a folder, such as `train.conllu.gz` or `en_ewt-ud-train.conllu`.

    Args:
        path: a folder; a path to a file is returned as it is.
        split: `"train"`, `"dev"` or `"test"`; None for a file.
        kinds: the endings of such files, without `.gz`.

    Raises:
        FileNotFoundError: no file of that split.
        ValueError: a split of a single file, no such split, or more than one file for it.
    """
    if not path.is_dir():
        if path.exists() and split is not None:
            raise ValueError(f"{path} is one file, without splits; ask for the split None, or give a folder")
        return path
    found = split_files(path, split, kinds)
    if not found:
        raise FileNotFoundError(
            f"no {split}{kinds[0]} or {split}{kinds[0]}.gz in {path}; expected the ending {' or '.join(kinds)}, "
            f"and it has {listing(path)}"
        )
    if len(found) > 1:
        raise ValueError(
            f"{len(found)} files for the split {split!r} in {path}: {', '.join(entry.name for entry in found)}; "
            "give the path of one"
        )
    return found[0]


def split_files(folder: Path, split: str | None, kinds: tuple[str, ...]) -> list[Path]:
    """Return all files of a split in a folder that have one of the endings.

    Raises:
        ValueError: no such split.
    """
    if split not in NAMES:
        raise ValueError(f"no split {split!r} in the folder {folder}; expected one of {', '.join(NAMES)}")
    pattern = re.compile(rf"(?:.*[-_.])?(?:{'|'.join(NAMES[split])})(?:{'|'.join(map(re.escape, kinds))})(?:\.gz)?")
    return sorted(entry for entry in folder.iterdir() if pattern.fullmatch(entry.name))
