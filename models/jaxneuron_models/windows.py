"""Texts cut into windows: running text of any length, or whole sentences, in batches of few shapes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from jaxneuron import padding
from jaxneuron.corpora.vocabulary import END, UNK
from jaxneuron.types import Tokens, Vocabulary


class Running(NamedTuple):
    """Texts as one row of ids, each followed by `<END>`, which is to be predicted and is never read."""

    ids: Int[np.ndarray, "symbol"]
    starts: Int[np.ndarray, "text"]
    lengths: Int[np.ndarray, "text"]  # without <END>


class Excerpts(NamedTuple):
    """Pieces of texts, and what is to be predicted in them."""

    tokens: Tokens
    following: Int[Any, "batch time"]  # the symbol after each one; after a text's last, <END>
    counted: Bool[Any, "batch time"]  # true where it is to be predicted, false on what is read for its context


class Cutting(NamedTuple):
    """How texts are cut into windows."""

    window: int = 100  # symbols after which a longer text is cut
    context: int = 0  # symbols that a window reads before those that it predicts; they cost as much


class Cuts(NamedTuple):
    """Where each window lies in `Running.ids`."""

    begin: Int[np.ndarray, "window"]
    counted: Int[np.ndarray, "window"]  # the first symbol after the context
    end: Int[np.ndarray, "window"]


def encode(vocabulary: Vocabulary, texts: Sequence[Sequence[str]]) -> Running:
    """Turn texts into ids; a symbol that is not known becomes `<UNK>`.

    Args:
        vocabulary: the symbols known.
        texts: lists of words, or strings of characters; an empty one is left out.

    Raises:
        ValueError: there is nothing to read, or one string instead of a list of texts.

    Example:
        >>> from jaxneuron.corpora import vocabulary
        >>> encode(vocabulary.build(["ab"]), ["ab", "ba"]).ids.tolist()
        [3, 4, 1, 4, 3, 1]
    """
    index = {symbol: number for number, symbol in enumerate(vocabulary.words)}
    if isinstance(texts, str):
        raise ValueError(f"expected a list of texts, got one string ({texts!r:.40}); put it into a list")
    texts = [text for text in texts if len(text)]
    if not texts:
        raise ValueError("expected at least one text with a symbol in it, got none")
    ids = [index.get(symbol, UNK) if symbol is not None else END for text in texts for symbol in (*text, None)]
    lengths = np.array([len(text) for text in texts])
    return Running(np.array(ids, np.int32), np.cumsum(lengths + 1) - lengths - 1, lengths)


def cut(running: Running, *, window: int, context: int, offset: int = 0) -> Cuts:
    """Cut texts that are longer than a window.

    Args:
        running: the texts.
        window: symbols to predict in a window.
        context: symbols that are read before those, where the text has them, and not predicted.
        offset: symbols in the first window of a text that is cut, 0 to `window` - 1; 0 stands for a whole window.

    Example:
        >>> running = Running(np.zeros(9), np.array([0, 6]), np.array([5, 2]))
        >>> [part.tolist() for part in cut(running, window=2, context=1, offset=1)]
        [[0, 0, 2, 6], [0, 1, 3, 6], [1, 3, 5, 8]]
    """
    begins, counts, ends = [], [], []
    for start, length in zip(running.starts, running.lengths, strict=True):
        edges = np.arange(offset or window, length, window) if length > window else np.array([], int)
        counted = start + np.append(0, edges)
        counts.append(counted)
        ends.append(start + np.append(edges, length))
        begins.append(np.maximum(start, counted - context))
    return Cuts(*(np.concatenate(parts) for parts in (begins, counts, ends)))


def widths(running: Running, *, window: int, context: int) -> list[int]:
    """Choose the lengths that windows are padded to: one where that costs little, for each is a compilation.

    Args:
        running: the text.
        window: symbols of a window at most.
        context: symbols that are read again before each.

    Returns:
        Lengths from the shortest to the longest.
    """
    cuts = cut(running, window=window, context=context)
    lengths = cuts.end - cuts.begin
    longest = window + context if np.any(running.lengths > window) else int(lengths.max())
    if longest * len(lengths) < 1.2 * lengths.sum():
        return [longest]
    return sorted({*padding.widths(lengths), longest})


def batched(cuts: Cuts, *, batch: int, padded: list[int], seed: tuple[int, ...] | None) -> list[tuple[Cuts, int]]:
    """Return batches of windows with their padded length; `seed` shuffles them, None keeps the order.

    Args:
        cuts: where windows begin and end.
        batch: windows of each.
        padded: the lengths that they are padded to.
        seed: of the shuffle.
    """
    return [
        # an empty window where there are not enough of them
        (Cuts(*(np.where(rows >= 0, part[rows], 0) for part in cuts)), width)
        for rows, width in padding.by_length(cuts.end - cuts.begin, batch=batch, padded=padded, seed=seed)
    ]


def take(running: Running, cuts: Cuts, width: int) -> Excerpts:
    """Return the windows, padded to `width`.

    Args:
        running: the text.
        cuts: the windows.
        width: symbols of each.
    """
    at = cuts.begin[:, None] + np.arange(width)
    mask = at < cuts.end[:, None]
    ids, following = (np.where(mask, running.ids[np.where(mask, at + shift, 0)], 0) for shift in (0, 1))
    return Excerpts(Tokens(ids, mask), following, mask & (at >= cuts.counted[:, None]))
