"""The context in which each word stands: the n-gram of words, or of their labels, that ends with it."""

from collections.abc import Sequence

import numpy as np

from jaxneuron.corpora.labelled import Classes

START = "^"
"""What stands before the first word."""


def contexts(rows: Sequence[Sequence[str]], order: int) -> Classes:
    """Number the n-grams that end at each word, in order of first appearance.

    Args:
        rows: the words of each sentence, or a label of each word.
        order: symbols in an n-gram; before a sentence stands `START`.

    Returns:
        A context for each word, the sentences in a row; the names are the symbols with a space between them.

    Raises:
        ValueError: an order below 1, or no words.

    Source:
        Kádár, Chrupała, Alishahi 2017 (arXiv 1602.08952), section 4.4.

    Example:
        >>> contexts([["a", "dog"], ["a", "dog", "runs"]], 2)
        Classes(ids=array([0, 1, 0, 1, 2]), names=('^ a', 'a dog', 'dog runs'))
    """
    if order < 1:
        raise ValueError(f"expected an order of at least 1, got {order}")
    number: dict[tuple[str, ...], int] = {}
    ids = []
    for row in rows:
        padded = [START] * (order - 1) + list(row)
        ids += [number.setdefault(tuple(padded[at : at + order]), len(number)) for at in range(len(row))]
    if not ids:
        raise ValueError("there are no words; expected at least one")
    return Classes(np.array(ids), tuple(map(" ".join, number)))
