"""Text as a language model of characters reads it: nothing is split, and nothing is left out."""

from pathlib import Path

from jaxneuron.corpora import grammars, text
from jaxneuron.corpora._files import field, read_lines
from jaxneuron.corpora._lines import split_file

KINDS = (".txt", ".jsonl")
SENTENCES, DEPTH = 10_000, 30
"""The embedded text: how many sentences of the language of parentheses, and the depth of their trees."""


def read(path: Path, split: str | None = None) -> list[str]:
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
    whole = texts if len(texts) > 1 else texts[0]
    if len(whole) < 2:
        raise ValueError(f"{path} has one character; training needs at least two, the last to stop by")
    held_out = max(1, len(whole) // 20)
    if isinstance(whole, str):
        return [whole[:-held_out]], [whole[-held_out:]]
    return whole[:-held_out], whole[-held_out:]
