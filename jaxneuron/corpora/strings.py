"""Whole texts as strings, as a language model of characters reads them: nothing is split, and nothing is left out.

Line ends stay as they are; a byte order mark at the beginning is no part of the text.
"""

from pathlib import Path

from jaxneuron.corpora import grammars
from jaxneuron.corpora._files import kind_of, split_file
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora._lines import whole

KINDS = (".txt", ".jsonl")

SENTENCES, DEPTH = 10_000, 30
"""The embedded text: how many sentences of the language of parentheses, and the depth of their trees."""


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


def train_and_dev(path: Path | None) -> tuple[list[str], list[str]]:
    """Return texts to train on, and texts to stop by.

    Args:
        path: a folder with the splits train and dev, one file (its last twentieth is dev, of its texts, or of its
            characters if it is one text), or None for sentences of the language of parentheses.

    Raises:
        FileNotFoundError, ValueError: see `read`; or a text too short to be divided.
    """
    if path is None:
        made = grammars.sample(0, grammars.parens(), SENTENCES, depth=DEPTH)
        texts: list[str] = [parsed.text for parsed in made]
    elif path.is_dir():
        return read(path, "train"), read(path, "dev")
    else:
        texts = read(path)
    text = texts if len(texts) > 1 else texts[0]
    if len(text) < 2:
        raise ValueError(f"{path} has one character; training needs at least two, the last to stop by")
    held_out = max(1, len(text) // 20)
    if isinstance(text, str):
        return [text[:-held_out]], [text[-held_out:]]
    return text[:-held_out], text[-held_out:]
