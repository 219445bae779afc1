"""Lines of UTF-8 text, numbered, and errors that say at which line and byte a file is damaged."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from jaxneuron.corpora._files import NAMES, listing, open_bytes

_FIELD = re.compile(r"[^ \t]+")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Yield (line number from 1, line without its end) of a text file, gzipped or not.

    A line ends with "\n" or "\r\n"; a byte order mark is dropped.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a folder, invalid UTF-8, or a damaged gzip file.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder, which has {listing(path)}; give the path of a file")
    number, offset = 0, 0
    try:
        with open_bytes(path) as file:  # so that a fault can be placed
            for number, raw in enumerate(file, start=1):
                line = raw.decode("utf-8")
                offset += len(raw)
                if number == 1:
                    line = line.removeprefix("\ufeff")
                yield number, line.removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}, line {number}, byte {error.start + 1} of the line (byte {offset + error.start + 1} of the text): "
            f"expected UTF-8, got {error.object[error.start : error.end]!r}; convert the file or mend the line"
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"cannot read {path} after line {number} ({error}); it may be cut short or damaged: fetch it again"
        ) from error


def fields(line: str) -> list[str]:
    """Split at runs of spaces and tabs; other white space, such as the no-break space, is part of a word."""
    return _FIELD.findall(line)


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
    if split not in NAMES:
        raise ValueError(f"no split {split!r} in the folder {path}; expected one of {', '.join(NAMES)}")
    pattern = re.compile(rf"(?:.*[-_.])?(?:{'|'.join(NAMES[split])})(?:{'|'.join(map(re.escape, kinds))})(?:\.gz)?")
    found = sorted(entry for entry in path.iterdir() if pattern.fullmatch(entry.name))
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
