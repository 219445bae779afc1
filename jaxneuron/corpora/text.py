"""Plain text from files, by words or by characters."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from jaxneuron.corpora._files import split_file
from jaxneuron.corpora._lines import lines, whole
from jaxneuron.types import Corpus

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SHAPE = re.compile("a(?:[am]|j+(?=[am]))*(?:'a(?:[am]|j+(?=[am]))*)*")

_JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner: they shape the letters between which they stand."""


def words(text: str) -> list[str]:
    """Split text into lower-case words without punctuation, as the captions of Vendrov et al. 2016 were prepared.

    A word is a run of letters and digits of any script, with the marks on them (accents, vowel signs, points) and the
    zero-width joiners between them; an apostrophe counts inside a word only.

    Returns:
        The words in their order.

    Example:
        >>> words("A man's dog, on the beach!")
        ['a', "man's", 'dog', 'on', 'the', 'beach']
    """
    text = text.lower().replace("\u2019", "'")
    if text.isascii():
        return _WORD.findall(text)
    return [text[found.start() : found.end()] for found in _SHAPE.finditer("".join(map(_shape, text)))]


@cache
def _shape(symbol: str) -> str:
    """Return what a symbol is to `_SHAPE`: "a" for a letter or digit, "m" for a mark, "j" for a joiner."""
    if symbol.isalnum():
        return "a"
    if unicodedata.category(symbol).startswith("M"):
        return "m"
    return "j" if symbol in _JOINERS else "'" if symbol == "'" else " "


def read(
    path: str | Path,
    split: str | None = None,
    *,
    unit: str = "word",
    length: int | None = None,
) -> Corpus:
    """Read plain text, gzipped or not, from one file or from the file of a split.

    Args:
        path: a text file, or a folder with `{train,dev,test}.txt` or `.txt.gz`.
        split: which file of the folder; None for a single file.
        unit: `"word"`: a sentence per line, as `words` splits it; `"character"`: the text as it is, line ends too.
        length: words or characters in a sentence, where the text is longer; by default, all words of a line, and
            100 characters.

    Returns:
        Sentences without labels; a line without a word is left out.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no text in it, or not UTF-8.
    """
    if unit not in ("word", "character"):
        raise ValueError(f"no unit {unit!r}; expected 'word' or 'character'")
    if length is not None and length < 1:
        raise ValueError(f"expected a length of at least 1, got {length}")
    file = split_file(Path(path), split, (".txt",))
    pieces = [whole(file)] if unit == "character" else [words(line) for _, line in lines(file)]
    size = length or (100 if unit == "character" else max(map(len, pieces), default=0))
    sentences = [list(piece[i : i + size]) for piece in pieces for i in range(0, len(piece), size)] if size else []
    if not sentences:
        raise ValueError(f"no text in {file}; expected at least one {unit}")
    return Corpus(sentences, {})
