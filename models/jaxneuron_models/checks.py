"""What a training is given, checked before anything is written."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxneuron.corpora import vocabulary as words
from jaxneuron.corpora.vocabulary import SPECIALS
from jaxneuron.types import Vocabulary

Texts = Sequence[Sequence[str]]


def at_least(least: int, **sizes: int) -> None:
    """Raise a ValueError for a size that is too small.

    Example:
        >>> at_least(1, epochs=0)
        Traceback (most recent call last):
        ValueError: expected epochs of at least 1, got 0
    """
    for name, value in sizes.items():
        if value < least:
            raise ValueError(f"expected {name.replace('_', ' ')} of at least {least}, got {value}")


def vocabulary(texts: Texts, dev: Texts, *, min_count: int) -> Vocabulary:
    """Return the words or symbols of the text to train on that occur often enough.

    Args:
        texts: what is trained on.
        dev: what training is stopped by.
        min_count: occurrences at least.

    Raises:
        ValueError: there is nothing to train on or to stop by, or no word occurs often enough.
    """
    at_least(1, min_count=min_count)
    for what, given in (("to train on", texts), ("to stop by", dev)):
        if not any(len(text) for text in given):
            raise ValueError(f"expected at least one text {what}, with a word in it, got {len(given)} empty ones")
    found = words.build(texts, min_count=min_count)
    if len(found.words) == len(SPECIALS):
        every = words.build(texts)
        most = int(np.argmax(every.counts))
        raise ValueError(
            f"no word or symbol of the text occurs {min_count} times: {every.words[most]!r} is the most frequent, with "
            f"{every.counts[most]}; choose a smaller min_count"
        )
    return found


def unknown(known: Vocabulary, texts: Mapping[str, Texts]) -> str:
    """Return a sentence on how much of each text a vocabulary does not know.

    Example:
        >>> unknown(words.build([["a", "dog"]]), {"dev": [["a", "cat"], ["dogs", "a"]]})
        'unknown words: 50.0% of dev (not among the 2 of the vocabulary, and read as <UNK>)'
    """
    shares = ", ".join(f"{words.unknown_share(known, given):.1%} of {name}" for name, given in texts.items())
    count = len(known.words) - len(SPECIALS)
    return f"unknown words: {shares} (not among the {count:,} of the vocabulary, and read as <UNK>)"
