"""Words as numbers: by their form, or whatever their case."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from jaxneuron.describe._words import Words


class Numbered(NamedTuple):
    """The words of a text, numbered as they first occur."""

    exact: dict[str, int]
    folded: dict[str, int]  # in lower case
    usual: dict[str, str]  # in lower case -> the most frequent form
    count: Int[np.ndarray, "word"]  # of each folded word


def read(words: Words) -> Numbered:
    """Number the words of a text."""
    counted = Counter(words.word)
    exact = {form: number for number, form in enumerate(counted)}
    folded = {form: number for number, form in enumerate(dict.fromkeys(form.lower() for form in counted))}
    usual = {form.lower(): form for form, _ in reversed(counted.most_common())}
    count = np.zeros(len(folded), np.int64)
    np.add.at(count, [folded[form.lower()] for form in counted], list(counted.values()))
    return Numbered(exact, folded, usual, count)


def exactly(forms: Numbered, words: Words) -> Int[np.ndarray, "token"]:
    """Return the number of each word's form, -1 for one that was not met."""
    return np.array([forms.exact.get(word, -1) for word in words.word], np.int64)


def folded(forms: Numbered, words: Words) -> Int[np.ndarray, "token"]:
    """Return the number of each word in lower case, -1 for one that was not met."""
    return np.array([forms.folded.get(word.lower(), -1) for word in words.word], np.int64)


def beside(number: Int[np.ndarray, "token"], words: Words, offset: int, outside: int) -> Int[np.ndarray, "token"]:
    """Return the number of the word so many places after each, in the same sentence; `outside` where there is none."""
    place = words.place + offset
    inside = (place >= 0) & (place < words.length[words.text])
    return np.where(inside, number[np.where(inside, np.arange(len(number)) + offset, 0)], outside)
