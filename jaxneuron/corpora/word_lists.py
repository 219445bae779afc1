"""Named lists of words, a line each: the concept's name, then its words, with tabs between them, as Empath has them.

Fast, Chen, Bernstein 2016, "Empath: understanding topic signals in large-scale text" (arXiv 1602.06979).
"""

from pathlib import Path

from jaxneuron.corpora._lines import lines


def read(path: Path) -> dict[str, set[str]]:
    """Return the words of each name, in small letters.

    Args:
        path: a text file, perhaps gzipped.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a name without words, one that is there twice, or no names.
    """
    found: dict[str, set[str]] = {}
    for number, line in lines(path):
        if not line.strip():
            continue
        name, *words = (part.strip() for part in line.strip().split("\t"))
        if not any(words):
            raise ValueError(
                f"{path}, line {number}: expected a name and its words with tabs between them, got {line.strip()!r:.60}"
            )
        if name in found:
            raise ValueError(f"{path}, line {number}: a second list {name!r}; join the two")
        found[name] = {word.lower() for word in words if word}
    if not found:
        raise ValueError(f"{path} has no lists of words; expected a name and its words in each line, with tabs between")
    return found
