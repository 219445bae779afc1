"""UTF-8 text from a file, whole or by lines: opened, decoded and checked in one way for all readers.

A byte order mark is no part of the text. Text in UTF-16 or UTF-32, bytes that are no UTF-8, and a NUL, which no text
has, are errors that say where they are.
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from jaxneuron.corpora._files import open_bytes

_FIELD = re.compile(r"[^ \t]+")

_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
_OTHER = (  # the longer marks first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"\x1f\x8b", "gzip"),
)


def whole(path: Path) -> str:
    """Return the text of a file as it is, line ends too, gzipped or not.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a folder, no UTF-8 text, or a damaged gzip file.
    """
    try:
        with open_bytes(path) as file:
            raw = file.read()
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return _decoded(raw, path, 1, 0)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Yield (line number from 1, line without its end) of a text file, gzipped or not.

    A line ends with "\n", "\r\n" or a lone "\r".

    Raises:
        FileNotFoundError: no such file.
        ValueError: a folder, no UTF-8 text, or a damaged gzip file.
    """
    number, offset = 0, 0
    try:
        with open_bytes(path) as file:
            for raw in file:
                line = _decoded(raw, path, number + 1, offset).removesuffix("\n").removesuffix("\r")
                offset += len(raw)
                for part in line.split("\r") if "\r" in line else (line,):
                    number += 1
                    yield number, part
    except _DAMAGE as error:
        raise _damaged(path, error, f" after line {number}") from error


def fields(line: str) -> list[str]:
    """Split at runs of spaces and tabs; other white space, such as the no-break space, is part of a word."""
    return _FIELD.findall(line)


def _damaged(path: Path, error: Exception, place: str = "") -> ValueError:
    return ValueError(f"cannot read {path}{place} ({error}); it may be cut short or damaged: fetch it again")


def _decoded(raw: bytes, path: Path, line: int, offset: int) -> str:
    """Decode a part of a file that begins with a line, at an offset in bytes."""
    if not offset:
        for mark, name in _OTHER:
            if raw.startswith(mark):
                remedy = "give it a name that ends with .gz" if name == "gzip" else "save it as UTF-8"
                raise ValueError(
                    f"cannot read {path}: expected UTF-8, got {name} (its first bytes are {mark!r}); {remedy}"
                )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        start, got = error.start, repr(raw[error.start : error.end])
    else:
        if "\0" not in text:
            return text.removeprefix("\ufeff") if not offset else text
        start, got = raw.index(0), "a NUL, as binary files and UTF-16 have"
    line += raw.count(b"\n", 0, start)
    place = start - raw.rfind(b"\n", 0, start)  # of the byte in its line, from 1
    raise ValueError(
        f"cannot read {path}, line {line}, byte {place} of the line (byte {offset + start + 1} of the text): "
        f"expected UTF-8, got {got}; convert the file or mend the line"
    )
