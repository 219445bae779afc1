"""Plain text from files, by words or by characters."""

import gzip
import re
import zlib
from pathlib import Path

from jaxneuron.corpora._files import open_text
from jaxneuron.corpora._lines import split_file
from jaxneuron.types import Corpus

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Split text into lower-case words without punctuation, as the captions of Vendrov et al. 2016 were prepared.

    A word is a run of letters and digits of any script; an apostrophe counts inside a word only.

    Example:
        >>> words("A man's dog, on the beach!")
        ['a', "man's", 'dog', 'on', 'the', 'beach']
    """
    return _WORD.findall(text.lower().replace("\u2019", "'"))


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
    try:
        with open_text(file) as lines:
            pieces = [lines.read()] if unit == "character" else [words(line) for line in lines]
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"cannot read {file} as UTF-8 text ({error}); fetch it again or convert it") from error
    size = length or (100 if unit == "character" else max(map(len, pieces), default=0))
    sentences = [list(piece[i : i + size]) for piece in pieces for i in range(0, len(piece), size)] if size else []
    if not sentences:
        raise ValueError(f"no text in {file}; expected at least one {unit}")
    return Corpus(sentences, {})
