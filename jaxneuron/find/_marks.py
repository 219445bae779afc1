"""Texts as numbers, so that a search knows what it tried; and what follows for what it found: its certificate."""

import itertools

import numpy as np
from jaxtyping import Int, UInt64

from jaxneuron.find._score import Pool


def gap(texts: Int[np.ndarray, "*text time"], *places: int) -> Int[np.ndarray, "*text time"]:
    """Return texts with -1 at some places."""
    texts = np.array(texts)
    texts[..., list(places)] = -1
    return texts


def marks(texts: Int[np.ndarray, "*text time"]) -> UInt64[np.ndarray, "*text"]:
    """Return a number of 64 bits for each text; two of a billion texts share one with a chance of a few percent.

    Example:
        >>> len(set(marks(np.arange(6).reshape(3, 2)).tolist()))
        3
    """
    found = np.zeros(texts.shape[:-1], np.uint64)
    with np.errstate(over="ignore"):
        for word in np.moveaxis(texts, -1, 0):
            found = (found + word.astype(np.int64).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
            found = found ^ (found >> np.uint64(31))
    return found


def new(texts: Int[np.ndarray, "text time"], known: UInt64[np.ndarray, "mark"]) -> Int[np.ndarray, "other time"]:
    """Return the texts, each once, whose marks are not known."""
    texts = np.unique(texts, axis=0)
    return texts[~np.isin(marks(texts), known, kind="sort")]


def gaps(time: int, words: int) -> list[tuple[int, ...]]:
    """Return the places of so many words in a text, the last ones first.

    Example:
        >>> gaps(3, 1), gaps(3, 2)
        ([(2,), (1,), (0,)], [(2, 1), (2, 0), (1, 0)])
    """
    return list(itertools.combinations(reversed(range(time)), words))


def certificate(pool: Pool, scanned: UInt64[np.ndarray, "mark"]) -> Int[np.ndarray, "target k"]:
    """Return how many words of each text may change at once without a higher score, as far as all were tried.

    Args:
        pool: the best texts of each target, of all that were tried.
        scanned: marks of texts with gaps in which every word was tried.
    """
    texts, score = np.asarray(pool.ids), np.asarray(pool.score)
    found = np.zeros(score.shape, np.int32)
    above = np.tril(np.ones((score.shape[1],) * 2, bool), -1)
    for words in range(1, texts.shape[-1] + 1):
        places = gaps(texts.shape[-1], words)
        done = np.all([np.isin(marks(gap(texts, *one)), scanned, kind="sort") for one in places], axis=0)
        if not done.any():
            break
        near = (texts[:, :, None] != texts[:, None]).sum(-1) <= words
        beaten = np.any(near & above & (score[:, :, None] < score[:, None]), axis=-1)
        found = np.where(done & ~beaten & np.isfinite(score) & (found == words - 1), words, found)
    return found
