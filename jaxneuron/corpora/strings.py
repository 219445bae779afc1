"""Whole texts as strings, as a language model of characters reads them: nothing is split, and nothing is left out.

Line ends stay as they are; a byte order mark at the beginning is no part of the text.
"""

from pathlib import Path

from jaxneuron.corpora._files import kind_of, split_file
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora._lines import whole

KINDS = (".txt", ".jsonl")


def read(path: str | Path, split: str | None = None) -> list[str]:
    """Read texts as strings.

    Args:
        path: `.txt`, which is one text; `.jsonl` with an object per line that has the field `text`; each may end in
            `.gz`; or a folder with such a file for each split.
        split: train, dev or test, for a folder.

    Returns:
        Texts, running ones as one string each.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another ending, no text, or a malformed line, which is named.
    """
    file = split_file(Path(path), split, KINDS)
    kind = kind_of(file)
    if file.exists() and kind not in KINDS:
        raise ValueError(f"{file}: expected the ending {' or '.join(KINDS)}, perhaps with .gz, got {kind!r}")
    if kind == ".jsonl":
        texts = [field(row, "text", str, f"{file}, line {line}") for line, row in read_lines(file)]
    else:
        texts = [whole(file)]
    if not any(texts):
        remedy = "an object with a 'text' on each line" if kind == ".jsonl" else "at least one character"
        raise ValueError(f"no text in {file}; expected {remedy}")
    return [one for one in texts if one]
