"""Whole texts as strings, as a language model of characters reads them: nothing is split, and nothing is left out."""

from pathlib import Path

from jaxneuron.corpora import text
from jaxneuron.corpora._files import field, read_lines
from jaxneuron.corpora._lines import split_file

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
    kind = Path(file.name.removesuffix(".gz")).suffix
    if file.exists() and kind not in KINDS:
        raise ValueError(f"{file}: expected the ending {' or '.join(KINDS)}, perhaps with .gz, got {kind!r}")
    if kind == ".jsonl":
        texts = [field(row, "text", str, f"{file}, line {line}") for line, row in read_lines(file)]
        if not any(texts):
            raise ValueError(f"no text in {file}; expected an object with a 'text' on each line")
        return [one for one in texts if one]
    pieces = text.read(file, unit="character").sentences
    return ["".join(symbol for piece in pieces for symbol in piece)]
