"""Where a label is in texts as a model reads them, and what is right there."""

from typing import Any

from jaxneuron.cli import _asked


def places(read: Any, layer: str | None, label: str | None, text_read: Any) -> Any:
    """Return 1 at each symbol of a word that has the label, and 0 elsewhere, `[batch time]`.

    Args:
        read: the text and its labels.
        layer: of the labels; by default the first.
        label: one of them.
        text_read: the text as the model reads it.
    """
    import numpy as np

    _, each, here, _ = _asked.labels(read, layer, label)
    if each != "word":
        here = np.repeat(here, [len(words) for words in read.sentences])
    starts = np.cumsum([0, *map(len, read.sentences)])
    found = np.zeros(text_read.tokens.ids.shape, np.float32)
    for row, word in enumerate(text_read.word):
        there = np.flatnonzero(np.asarray(word) >= 0)
        found[row, there] = here[starts[row] + np.asarray(word)[there]]
    return found


def answers(here: Any, tokens: Any, next_word: bool) -> Any:
    """Return what is right where a label is, and -1 elsewhere: the symbol to come, if it is of such a word.

    Raises:
        ValueError: nothing is.
    """
    import numpy as np

    found = np.where(here, 0, -1)
    if next_word:
        found = np.pad(np.where(here, tokens.ids, -1)[:, 1:], [(0, 0), (0, 1)], constant_values=-1)
    if not (found >= 0).any():
        raise ValueError("no symbol that is predicted is of a word with this label; give more text, or another label")
    return found
