"""Files that explain what is wrong with them."""

import gzip
import json
import zlib
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any

NAMES = {"train": ("train",), "dev": ("dev", "val", "valid", "validation"), "test": ("test",)}
"""What the file of a split may be called."""


def read_json(path: Path) -> Any:
    """Parse one JSON document, gzipped or not."""
    try:
        with open_text(path) as file:
            return json.load(file)
    except (json.JSONDecodeError, UnicodeDecodeError, EOFError, zlib.error, OSError) as error:
        raise _unreadable(path, error, "a JSON document") from error


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, value) of a JSON-lines file, gzipped or not."""
    line = 0
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, start=1):
                if text.strip():
                    yield line, json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {line}: expected one JSON object per line ({error}); mend the line") from error
    except (UnicodeDecodeError, EOFError, zlib.error, OSError) as error:
        raise _unreadable(path, error, "JSON lines") from error


def open_text(path: Path) -> TextIOWrapper:
    """Open a text file for reading, gzipped if its name says so."""
    return TextIOWrapper(open_bytes(path), encoding="utf-8")


def open_bytes(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a file for reading its bytes, gzipped if its name says so."""
    if not path.exists():
        raise FileNotFoundError(f"no file {path}; its folder has {listing(path.parent)}")
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def listing(folder: Path) -> str:
    """Return the first names in a folder, for an error message."""
    if not folder.is_dir():
        return "not been found"
    found = sorted(entry.name for entry in folder.iterdir())
    return ", ".join(found[:12]) + (", ..." if len(found) > 12 else "") if found else "no files"


def field(value: Any, name: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Return `value[name]`, or say where a field of which kind is missing."""
    if not isinstance(value, dict) or not isinstance(value.get(name), kind):
        expected = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
        got = f"fields {', '.join(map(str, value)) or 'none'}" if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"{where}: expected an object with the field {name!r} ({expected}), got {got}")
    return value[name]


def _unreadable(path: Path, error: Exception, expected: str) -> Exception:
    if isinstance(error, FileNotFoundError):
        return error
    return ValueError(f"cannot read {path} as {expected} ({error}); it may be cut short or damaged: fetch it again")
