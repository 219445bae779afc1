"""Sentences batched by length: little padding, few shapes, one order per seed and epoch."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from jaxneuron.types import Tokens


def widths(lengths: Int[np.ndarray, "sentence"], count: int = 8) -> list[int]:
    """Choose at most `count` padded lengths that waste least over these sentences (exact, by dynamic programming).

    Returns:
        Lengths from the shortest to the longest; the last is the longest sentence's.

    Example:
        >>> widths(np.array([3, 3, 3, 4, 9]), count=2)
        [4, 9]
    """
    values, frequency = np.unique(lengths, return_counts=True)
    n = len(values)
    before = np.concatenate([[0], np.cumsum(frequency)])
    cost = np.full((count + 1, n + 1), np.inf)  # cost[groups, sentences lengths covered] in padded words
    cost[:, 0] = 0
    choice = np.zeros((count + 1, n + 1), int)
    for group in range(1, count + 1):
        for end in range(1, n + 1):
            options = cost[group - 1, :end] + (before[end] - before[:end]) * values[end - 1]
            choice[group, end] = np.argmin(options)
            cost[group, end] = options[choice[group, end]]
    chosen, end = [], n
    for group in range(count, 0, -1):
        if end:
            chosen.append(int(values[end - 1]))
            end = choice[group, end]
    return sorted(set(chosen))


def by_length(
    lengths: Int[np.ndarray, "sentence"], *, batch: int, padded: list[int], seed: tuple[int, ...] | None
) -> Iterator[tuple[Int[np.ndarray, "batch"], int]]:
    """Yield batches of sentence numbers with their padded length.

    Args:
        lengths: words in each sentence.
        batch: sentences in a batch; a short one is filled up with -1, and no more than there are.
        padded: the lengths to pad to, ascending.
        seed: shuffles sentences and batches; None keeps the order.
    """
    random = np.random.default_rng(seed) if seed is not None else None
    bucket, batch = np.searchsorted(padded, lengths), min(batch, max(len(lengths), 1))
    batches = []
    for number, width in enumerate(padded):
        rows = np.flatnonzero(bucket == number)
        if random is not None:
            random.shuffle(rows)
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            batches.append((np.pad(part, (0, batch - len(part)), constant_values=-1), width))
    order = random.permutation(len(batches)) if random is not None else range(len(batches))
    yield from (batches[i] for i in order)


def take(tokens: Tokens, rows: Int[np.ndarray, "batch"], width: int) -> Tokens:
    """Return the sentences `rows` padded to `width`; -1 gives an empty one.

    Args:
        tokens: of all sentences.
        rows: which.
        width: words of each.
    """
    mask = np.asarray(tokens.mask)[rows, :width] & (rows >= 0)[:, None]
    return Tokens(np.where(mask, np.asarray(tokens.ids)[rows, :width], 0), mask)
