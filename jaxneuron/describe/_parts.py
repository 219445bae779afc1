"""Split a text into what describes, what chooses and what is held out, so that no sentence is in two of them."""

import numpy as np

from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _words
from jaxneuron.describe._nouns import Parts

LEAST = 2
"""Sentences that choose, and that score: fewer have no variance."""

GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, without their whole parts, fill the range from 0 to 1 evenly, however many there are."""


def parts(text: Labelled, *, choice: float = 0.15, held: float = 0.25, run: int = 10) -> Parts:
    """Return which words are used for what; the same in every run.

    Neighbours stay together, as sentences of one document are alike: each run of sentences is in one part, and the
    parts take turns along the text.

    Args:
        text: at least five sentences.
        choice: share of the sentences on which the best description of each unit is chosen.
        held: share on which it is scored.
        run: sentences that stay together; fewer where the text has fewer than twenty runs.

    Raises:
        ValueError: too few sentences for three parts, or shares that leave nothing.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> found = parts(build([["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]))
        >>> [rows.tolist() for rows in found[:3]], found.held_text.sentences
        ([[3, 5], [0, 1, 6], [2, 4]], [['c'], ['e']])
    """
    words = _words.of(text)
    texts = len(words.length)
    if not (0 < choice and 0 < held and choice + held < 1) or run < 1:
        raise ValueError(f"expected shares above 0, below 1 together, and a run of 1, got {choice}, {held} and {run}")
    if texts < 2 * LEAST + 1:
        raise ValueError(f"expected at least {2 * LEAST + 1} sentences, as intervals are by texts, got {texts}")
    run = max(min(run, texts // 20), 1)
    number = np.arange(texts) // run
    turn = (number * GOLDEN) % 1
    role = np.where(turn < choice, 1, np.where(turn >= 1 - held, 2, 0))
    for one in (1, 2):
        missing = LEAST - int((role == one).sum())
        role[np.flatnonzero(role == np.bincount(role).argmax())[: max(missing, 0)]] = one
    fit, choice_words, held_words = (np.flatnonzero(role[words.text] == one) for one in range(3))
    texts_of = (labelled.some(text, np.flatnonzero(role == one)) for one in range(3))
    return Parts(fit, choice_words, held_words, *texts_of)
