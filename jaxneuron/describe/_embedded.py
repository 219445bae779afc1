"""Words as vectors of the user's model: each by itself, and among the words around it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _words
from jaxneuron.describe._lazy import Lazy
from jaxneuron.describe._words import Words

Embed = Callable[[Sequence[str]], Any]

BEFORE, AFTER = 3, 1
"""Words around a word that are embedded with it."""


def windows(words: Words) -> list[str]:
    """Return each word with those around it, in its sentence."""
    first = np.maximum(np.arange(len(words.word)) - BEFORE, words.start[words.text])
    last = np.minimum(np.arange(len(words.word)) + AFTER + 1, (words.start + words.length)[words.text])
    return [" ".join(words.word[start:end]) for start, end in zip(first.tolist(), last.tolist(), strict=True)]


def vectors(embed: Embed, texts: Sequence[str]) -> Float[np.ndarray, "text dimension"]:
    """Return vectors of length 1 of some texts, each embedded once.

    Raises:
        ValueError: vectors of another number, or not finite.
    """
    names, number = np.unique(np.array(texts, dtype=object), return_inverse=True)
    found = np.asarray(embed(names.tolist()), np.float32)
    if found.ndim != 2 or len(found) != len(names):
        raise ValueError(f"expected a vector of each of {len(names)} texts from `embed`, got the shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"`embed` gave a vector that is not finite for {names[~np.isfinite(found).all(axis=1)][0]!r}")
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(length > 0, length, 1))[number]


def nearness(embed: Embed, lines: Sequence[str], text: Labelled) -> Lazy:
    """Return how near each word of a text, among those around it, is to each line, `[token, line]`."""
    words = vectors(embed, windows(_words.of(text)))
    said = vectors(embed, [line or "nothing" for line in lines])
    return Lazy((len(words), len(said)), lambda asked: words @ said[asked].T)


def features(embed: Embed, fitted: Words) -> Callable[[Words], Float[np.ndarray, "token feature"]]:
    """Return what embeds the words of any text, less the mean of the text that describes."""
    known = both(embed, fitted)
    middle = known.mean(axis=0)
    return lambda words: (known if words is fitted else both(embed, words)) - middle


def both(embed: Embed, words: Words) -> Float[np.ndarray, "token feature"]:
    """Return the vector of each word beside that of its window."""
    return np.concatenate([vectors(embed, words.word), vectors(embed, windows(words))], axis=1)
