"""What a concept is named by: a label of the data, or a file of words; and where in a text it is."""

from pathlib import Path
from typing import Any, NamedTuple

from jaxneuron.cli import _asked
from jaxneuron.cli._options import existing

EXAMPLES = 2000
"""Examples of each concept, and others, that are read at most."""


class Named(NamedTuple):
    """Concepts, and where they are; a row is a word of the text, or a text."""

    each: str  # word or text
    layer: str  # of the labels; "" without
    classes: Any  # [row], the labels as numbers; None without
    names: list[str]  # of the labels
    concepts: dict[str, Any]  # the rows at which each is, by its name


def check(concept: str) -> None:
    """Check a concept before anything is read: what looks like a file must be one.

    Raises:
        ValueError, FileNotFoundError: it is empty, or no file.
    """
    if not concept.strip():
        raise ValueError("--concept is empty; give a label of the data, or a file with a word a line")
    if "/" in concept or "." in concept.strip("."):
        existing("--concept", Path(concept), "a file with a word a line, or a label of the data")


def find(read: Any, asked: list[str], layer: str | None, seed: int) -> Named:
    """Find concepts in a text; of many examples, some are drawn.

    Args:
        read: the text and its labels.
        asked: labels of a layer, or files of words.
        layer: by default the first.
        seed: of the draw.

    Raises:
        ValueError: no such layer or label, or fewer than four examples.
    """
    import numpy as np

    from jaxneuron.tap import nearest

    known = bool(read.labels or read.sentence_labels)
    if not known and layer is not None:
        raise ValueError(f"--labels {layer}: {_asked.bare(read.name)}")
    layer, each, classes, names = _asked.labels(read, layer, None) if known else ("", "word", None, [])
    files = {one: Path(one) for one in asked if one not in names and Path(one).is_file()}
    if files and len(files) == len(asked) and each == "text":  # words have no text's label
        each, classes, names = "word", None, []
    rows: dict[str, Any] = {}
    draw = np.random.default_rng(seed)
    for one in asked:
        if one in names:
            name, here = one, classes == names.index(one)
        elif one in files and each == "word":
            name, here = files[one].name.partition(".")[0], _listed(files[one], read.sentences)
        elif one in files:
            raise ValueError(
                f"--concept {one} is a file of words, and {layer} has a label for each text; give one kind"
            )
        elif not known:
            raise ValueError(f"--concept {one}: no file {one}, and {read.name} has no labels; give a file of words")
        else:
            raise ValueError(
                f"--concept {one}: no file, and no label of {layer}{nearest(one, names)}; it has {', '.join(names)}"
            )
        if name in rows:
            raise ValueError(f"--concept {one}: {name!r} is named twice; name each once")
        found = np.flatnonzero(here)
        if len(found) < 4:
            raise ValueError(
                f"--concept {one}: {len(found)} of the {len(here):,} {each}s show it; give 4 at least: more text, or "
                "another concept"
            )
        rows[name] = np.sort(draw.permutation(found)[:EXAMPLES])
    return Named(each, layer, classes, names, rows)


def others(named: Named, read: Any, seed: int, *, least: int = 4) -> Any:
    """Return rows that show no concept, drawn at random.

    Raises:
        ValueError: fewer than `least`.
    """
    import numpy as np

    total = sum(map(len, read.sentences)) if named.each == "word" else len(read.sentences)
    shown = np.zeros(total, bool)
    for name, rows in named.concepts.items():
        shown[rows] = True
        if name in named.names:
            shown |= named.classes == named.names.index(name)
    left = np.flatnonzero(~shown)
    if len(left) < least:
        raise ValueError(f"{len(left)} {named.each}s of {read.name} show none of the concepts; give more text")
    return np.sort(np.random.default_rng((seed, 1)).permutation(left)[:EXAMPLES])


def _listed(path: Path, sentences: list[list[str]]) -> Any:
    """Return which words of a text a file lists."""
    import numpy as np

    listed = {line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
    return np.array([word.lower() in listed for words in sentences for word in words])
