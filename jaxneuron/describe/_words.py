"""The words of a text in a row, with where they stand."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron.corpora.labelled import Labelled


class Words(NamedTuple):
    """The words of all sentences."""

    word: list[str]  # [token]
    text: Int[np.ndarray, "token"]  # the sentence of each
    place: Int[np.ndarray, "token"]  # in its sentence, from 0
    start: Int[np.ndarray, "text"]  # the first word of each sentence
    length: Int[np.ndarray, "text"]


def of(text: Labelled) -> Words:
    """Return the words of a text.

    Raises:
        TypeError: no `Labelled`.
        ValueError: no sentence, or an empty one.
    """
    if not isinstance(text, Labelled):
        raise TypeError(f"expected a `Labelled` text, got {type(text).__name__}; `corpora.labelled.build` makes one")
    length = np.array([len(sentence) for sentence in text.sentences], np.int64)
    if not len(length) or not length.all():
        raise ValueError(f"expected sentences of at least one word, got {len(length)} with {length.sum()} words")
    start = np.cumsum(length) - length
    number = np.repeat(np.arange(len(length)), length)
    return Words(
        [word for one in text.sentences for word in one], number, np.arange(len(number)) - start[number], start, length
    )


def beside(activations: Any, text: Labelled) -> Words:
    """Return the words of a text that activations `[token, unit]` are of.

    Raises:
        TypeError, ValueError: as `of`; activations of another number of words.
    """
    words = of(text)
    shape = tuple(getattr(activations, "shape", ()))
    if len(shape) != 2 or shape[0] != len(words.word):
        raise ValueError(
            f"expected activations [token, unit] of the {len(words.word)} words of the {len(words.length)} sentences, "
            f"got {shape}; give those of the same text, the words of all sentences in a row"
        )
    return words
