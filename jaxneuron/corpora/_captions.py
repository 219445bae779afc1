"""What the layouts of captioned images share: the noun they return, and files that explain what is wrong."""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxneuron.corpora.text import words

SPLITS = ("train", "dev", "test")


class Captions(NamedTuple):
    """Captions, and what is known about the image that each describes. Lives on the host."""

    sentences: list[list[str]]  # one caption each, as words
    image: np.ndarray  # [sentence], the row of `features` that the caption describes
    features: np.ndarray  # [image, feature], float32; a large .npy stays on disk (memory-mapped)
    names: tuple[str, ...]  # [feature], or () where features have no names


def assemble(captions: Sequence[Sequence[str | list[str]]], features: np.ndarray, names: Sequence[str]) -> Captions:
    """Flatten the captions of each image; raw ones are split into words, and those without a word are left out."""
    sentences, image = [], []
    for row, group in enumerate(captions):
        for caption in group:
            sentence = words(caption) if isinstance(caption, str) else caption
            if sentence:
                sentences.append(sentence)
                image.append(row)
    return Captions(sentences, np.array(image, np.int32), features, tuple(names))


def multi_hot(members: Sequence[Sequence[int]], width: int) -> np.ndarray:
    """Return `[row, width]` with a one for each member of the row."""
    features = np.zeros((len(members), width), np.float32)
    for row, indices in enumerate(members):
        features[row, list(indices)] = 1
    return features


def read_json(path: Path) -> Any:
    """Parse one JSON document, gzipped or not."""
    try:
        with open_text(path) as file:
            return json.load(file)
    except (json.JSONDecodeError, UnicodeDecodeError, EOFError, gzip.BadGzipFile, OSError) as error:
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
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, OSError) as error:
        raise _unreadable(path, error, "JSON lines") from error


def open_text(path: Path):
    """Open a text file for reading, gzipped if its name says so."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"no file {path}; its folder has {listing(path.parent)}")
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")


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
