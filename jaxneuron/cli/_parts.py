"""A labelled text in parts, to fit on, to choose by and to measure on."""

from typing import Any, NamedTuple


class Parts(NamedTuple):
    """Rows of each part, in the order of the text."""

    train: Any  # [row], numbers of rows
    dev: Any  # [row]; none, if there are two parts
    test: Any  # [row]
    classes: Any  # [row], labels of all rows as numbers, of which 0 to the last occur in the training part; or booleans
    names: list[str]  # of those numbers
    said: list[str]  # what a person must know of it


def split(sentences: list[list[str]], each: str, classes: Any, names: list[str], *, dev: bool) -> Parts:
    """Return the last fifth of a text to measure on, with `dev` the fifth before it to choose by, and the rest.

    A row whose label does not occur in the training part is in no other part: nothing could be right about it.

    Args:
        sentences: the texts.
        each: what has a label, `word` or `text`.
        classes: the label of each row, numbers or booleans.
        names: of the labels.
        dev: three parts instead of two.

    Raises:
        ValueError: too few texts, or a training part of one label.
    """
    import numpy as np

    texts = len(sentences)
    ends = [texts * (3 if dev else 4) // 5, texts * 4 // 5, texts]
    if not 0 < ends[0] <= ends[1] < texts or (dev and ends[0] == ends[1]):
        fifths = "the last two fifths choose and test" if dev else "the last fifth tests"
        raise ValueError(f"the text has {texts} sentences; give at least 5, of which {fifths}")
    starts = np.cumsum([0, *map(len, sentences)]) if each == "word" else np.arange(texts + 1)
    first, second, last = (int(starts[end]) for end in ends)
    kept = np.unique(classes[:first])
    if len(kept) < 2:
        only = names[int(kept[0])] if classes.dtype != bool else f"{'' if kept[0] else 'not '}{names[0]}"
        raise ValueError(
            f"every {each} of the first {ends[0]} sentences is {only}, so there is nothing to tell apart; give more "
            "text, or another label"
        )
    known = np.isin(classes, kept)
    dev_rows, test = (np.arange(*span)[known[slice(*span)]] for span in ((first, second), (second, last)))
    if not len(test) or (dev and not len(dev_rows)):
        raise ValueError(f"no {each} of the last sentences has a label that the first {ends[0]} have; give more text")
    said = []
    if gone := int((~known[first:last]).sum()):
        lost = ", ".join(names[int(one)] for one in np.unique(classes[first:last][~known[first:last]]))
        said = [f"{gone} {each}s are left out, whose label no {each} of the first {ends[0]} sentences has: {lost}."]
    if classes.dtype == bool:
        return Parts(np.arange(first), dev_rows, test, classes, names, said)
    numbered = np.where(known, np.searchsorted(kept, classes), -1)
    return Parts(np.arange(first), dev_rows, test, numbered, [names[int(one)] for one in kept], said)
