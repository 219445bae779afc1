"""What to show of a unit: the sentences, words and contexts of a corpus that move it most, up and down.

For all units at once, from activations in memory or in a store, of which one block of sentences is held at a time.

Words are those of NeuroX's `get_top_words` (Dalvi et al. 2019, arXiv 1812.09359), the word types of the largest mean
|z|, where z is the activation in standard deviations from its mean. We add a least number of occurrences, as types
that occur once are on top otherwise, and the types that move a unit up or down, which |z| does not tell apart.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from jaxneuron import batching
from jaxneuron.corpora._running import Both, Running, Top, best, both, check_count, finished
from jaxneuron.table import Checked, Table, spans


class Words(NamedTuple):
    """Word types of each unit, as indices of `words`."""

    words: tuple[str, ...]  # the types that occur often enough
    count: Int[np.ndarray, "word"]
    absolute: Top  # by mean |z|; NeuroX divides it by that of the best type
    highest: Top  # by mean z
    lowest: Top  # by mean z, the most negative first


def top_words(
    activations: Table,
    sentences: Sequence[Sequence[str]],
    *,
    count: int = 10,
    least: int = 5,
    ignore_case: bool = False,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Words:
    """Return the word types at which each unit is farthest from its mean.

    The score is the mean over a type's tokens of |z|, or of z, `z = (activation - mean) / standard deviation`.

    Args:
        activations: of each token.
        sentences: the words.
        count: types for each unit, at least 1.
        least: occurrences of a type that counts; NeuroX has 1.
        ignore_case: take "The" and "the" for one type.
        budget: bytes for a block and for the table of types and units. If the table is larger, units are done in
            groups; the activations of a group are read twice, for the mean has to be known first.
        progress: called with the units that are done.

    Returns:
        Types and scores; a unit that never changes scores 0.

    Raises:
        ValueError: sentences that don't fit the activations, no type that occurs so often, no types asked for, or
            activations that are not finite.

    Example:
        >>> found = top_words(np.array([[0.0], [4.0], [0.0], [0.0]]), [["a", "b"], ["a", "c"]], count=1, least=1)
        >>> found.words[found.highest.item[0, 0]], round(float(found.highest.score[0, 0]), 3)
        ('b', 1.732)
    """
    offsets = _offsets(activations, sentences)
    words, table, occurrences = _types(sentences, least, ignore_case)
    check_count(count)
    tokens, units = activations.shape
    copies = 4 * 3 * len(words)
    width = batching.chunk_size(copies, units, max(budget // 2, 1))
    parts = []
    for here in spans(units, width, progress):
        mean, spread = _moments(activations, offsets, here, budget // 2)
        size = np.zeros((len(words), here.stop - here.start), np.float32)
        signed = np.zeros_like(size)
        for rows, values in _blocks(activations, offsets, here, budget // 2):
            z = values - mean
            z /= np.where(spread > 0, spread, 1)
            z[:, spread == 0] = 0
            some = table[:, rows]
            signed += some @ z
            size += some @ np.abs(z, out=z)
        each = occurrences[:, None].astype(np.float32)
        parts.append([best(np.ascontiguousarray((sums / each).T), count) for sums in (size, signed, -signed)])
    absolute, highest, lowest = (
        Top(*map(np.concatenate, zip(*tops, strict=True))) for tops in zip(*parts, strict=True)
    )
    return Words(words, occurrences, finished(absolute), *both(highest, lowest))


def top_sentences(
    activations: Table,
    sentences: Sequence[Sequence[str]],
    *,
    count: int = 10,
    by: str = "mean",
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Both:
    """Return the sentences in which each unit is most active, and least.

    Args:
        activations: of each token.
        sentences: the words.
        count: sentences for each unit, at least 1.
        by: `"mean"` over the words of a sentence, or `"peak"`, the largest for the highest and the smallest for the
            lowest.
        budget: bytes for a block of sentences.
        progress: called with the tokens that are done.

    Returns:
        Numbers of sentences, and their scores.

    Raises:
        ValueError: sentences that don't fit the activations, no sentences asked for, another `by`, or activations that
            are not finite.

    Example:
        >>> found = top_sentences(np.array([[0.0], [4.0], [1.0]]), [["a", "b"], ["c"]], count=1)
        >>> found.highest.item.tolist(), found.lowest.item.tolist()
        ([[0]], [[1]])
    """
    if by not in ("mean", "peak"):
        raise ValueError(f"no way {by!r} to score a sentence; expected 'mean' or 'peak'")
    offsets = _offsets(activations, sentences)
    running = Running(activations.shape[1], count)
    for rows, values in _blocks(activations, offsets, slice(None), budget):
        here = slice(*np.searchsorted(offsets, (rows.start, rows.stop)).tolist())
        starts = offsets[here] - rows.start
        if by == "mean":
            mean = np.add.reduceat(values, starts, axis=0) / np.diff(offsets)[here, None].astype(np.float32)
            running.add(mean, mean, np.arange(here.start, here.stop))
        else:
            high, low = (reduce.reduceat(values, starts, axis=0) for reduce in (np.maximum, np.minimum))
            running.add(high, low, np.arange(here.start, here.stop))
        if progress:
            progress(rows.stop, activations.shape[0])
    return running.both()


def top_contexts(
    activations: Table,
    sentences: Sequence[Sequence[str]],
    *,
    count: int = 10,
    length: int = 5,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Both:
    """Return the n-grams at whose last word each unit is most active, and least; each n-gram once.

    Args:
        activations: of each token.
        sentences: the words.
        count: n-grams for each unit, at least 1.
        length: words in an n-gram, fewer at the beginning of a sentence.
        budget: bytes for a block of sentences.
        progress: called with the tokens that are done.

    Returns:
        Tokens, as row numbers of the activations, with the activation there; `context` gives the words around one.

    Raises:
        ValueError: sentences that don't fit the activations, no n-grams asked for, or activations that are not finite.

    Example:
        >>> sentences = [["a", "b"], ["a", "b"], ["b", "b"]]
        >>> found = top_contexts(np.array([[0.0], [4.0], [0.0], [5.0], [0.0], [3.0]]), sentences, count=2, length=2)
        >>> found.highest.item.tolist(), found.highest.score.tolist()
        ([[3, 5]], [[5.0, 3.0]])
    """
    if length < 1:
        raise ValueError(f"expected n-grams of at least one word, got {length}")
    offsets = _offsets(activations, sentences)
    same = _ngrams(sentences, length)
    running = Running(activations.shape[1], count, same)
    for rows, values in _blocks(activations, offsets, slice(None), budget):
        running.add(values, values, np.arange(rows.start, rows.stop))
        if progress:
            progress(rows.stop, activations.shape[0])
    return running.both()


def context(
    sentences: Sequence[Sequence[str]], token: int, *, before: int = 4, after: int = 0
) -> tuple[list[str], int]:
    """Return the words around a token, and where among them it stands.

    Args:
        sentences: the words.
        token: its row number in the activations.
        before: words to its left, at most.
        after: words to its right, at most.

    Raises:
        IndexError: no such token.

    Example:
        >>> context([["a"], ["b", "c", "d"]], 2, before=5)
        (['b', 'c'], 1)
    """
    place = token
    for words in sentences:
        if 0 <= place < len(words):
            first = max(place - before, 0)
            return list(words[first : place + after + 1]), place - first
        place -= len(words)
    raise IndexError(f"no token {token}; there are {token - place} of them, from 0 on")


def _offsets(activations: Table, sentences: Sequence[Sequence[str]]) -> Int[np.ndarray, "place"]:
    """Return the first token of each sentence and, at the end, the number of tokens."""
    offsets = np.cumsum([0, *map(len, sentences)])
    if (tokens := Checked(activations).shape[0]) != offsets[-1] or not tokens:
        raise ValueError(
            f"expected activations [token, unit] of the {offsets[-1]} words of {len(sentences)} sentences, "
            f"got {tuple(activations.shape)}"
        )
    if (np.diff(offsets) == 0).any():
        raise ValueError(f"sentence {np.argmin(np.diff(offsets))} (from 0) has no words; leave it out")
    return offsets


def _types(
    sentences: Sequence[Sequence[str]], least: int, ignore_case: bool
) -> tuple[tuple[str, ...], Any, Int[np.ndarray, "word"]]:
    """Return the types that occur often enough, a sparse table [type, token] of ones, and how often each occurs."""
    number: dict[str, int] = {}
    ids = np.array(
        [number.setdefault(word.lower() if ignore_case else word, len(number)) for words in sentences for word in words]
    )
    counts = np.bincount(ids)
    kept = np.flatnonzero(counts >= least)
    if not len(kept):
        raise ValueError(f"no word occurs {least} times; the most frequent occurs {counts.max()} times: lower `least`")
    place = np.full(len(counts), -1)
    place[kept] = np.arange(len(kept))
    token = np.flatnonzero(place[ids] >= 0)
    table = sparse.csc_array((np.ones(len(token), np.float32), (place[ids[token]], token)), shape=(len(kept), len(ids)))
    names = list(number)
    return tuple(names[i] for i in kept), table, counts[kept]


def _ngrams(sentences: Sequence[Sequence[str]], length: int) -> Int[np.ndarray, "token"]:
    """Return a number for the n-gram that ends at each token, the same for equal ones."""
    number: dict[tuple[str, ...], int] = {}
    return np.array(
        [
            number.setdefault(tuple(words[max(i + 1 - length, 0) : i + 1]), len(number))
            for words in sentences
            for i in range(len(words))
        ]
    )


def _moments(
    activations: Table, offsets: Int[np.ndarray, "place"], units: slice, budget: int
) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"]]:
    """Return mean and standard deviation, joined from those of blocks so that nothing cancels."""
    done, mean, square = 0, np.float64(0), np.float64(0)
    for _, values in _blocks(activations, offsets, units, budget):
        count, here = len(values), values.mean(axis=0, dtype=np.float64)
        here = np.where(np.ptp(values, axis=0) == 0, values[0].astype(np.float64), here)
        centred = values - here.astype(np.float32)
        gap, whole = here - mean, done + count
        square = square + np.einsum("tu,tu->u", centred, centred) + gap**2 * (done * count / whole)
        mean, done = mean + gap * (count / whole), whole
    return np.asarray(mean, np.float32), np.asarray(np.sqrt(square / done), np.float32)


def _blocks(
    activations: Table, offsets: Int[np.ndarray, "place"], units: slice, budget: int
) -> Iterator[tuple[slice, Float[np.ndarray, "token unit"]]]:
    """Yield the activations of some whole sentences at a time, with which tokens they are."""
    width = len(range(*units.indices(activations.shape[1])))
    size = max(budget // (4 * 4 * width), 1)
    checked, first = Checked(activations), 0
    while first < len(offsets) - 1:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1)
        rows = slice(int(offsets[first]), int(offsets[last]))
        yield rows, checked[rows, units]
        first = last
