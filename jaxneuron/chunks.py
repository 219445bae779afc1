"""Sentences of like length together, cut to that length, so many at a time as fit a budget, on all cores of a CPU.

What is computed above a change, for many changes of each sentence: padding then costs as much as words do.
"""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, PyTree

from jaxneuron import batching, padding

THREADS = 4
"""Chunks at a time at most: what XLA computes on one core of one chunk, all but products, leaves room for another."""

SHORTEST = 8
"""Words below which a text is not cut: too little is gained."""

SHAPES = 4
"""Lengths at most, each of which is compiled."""

SHAPE_COST = 8_000
"""Words that are read in about the time that it takes to compile one more length."""


class Chunk(NamedTuple):
    """Some sentences that are read together."""

    numbers: Int[np.ndarray, "row"]  # which they are
    rows: int  # with empty ones that fill the chunk up
    length: int  # words that they are cut to

    def part(self, given: PyTree, time: int) -> PyTree:
        """Return the chunk's rows of host arrays, cut where they have `time` places along their second axis."""

        def rows(leaf: np.ndarray) -> Array:
            found = leaf[self.numbers]
            found = found[:, : self.length] if leaf.ndim > 1 and leaf.shape[1] == time else found
            return jnp.asarray(np.pad(found, [(0, self.rows - len(found))] + [(0, 0)] * (leaf.ndim - 1)))

        return jax.tree.map(rows, given)


class Plan(NamedTuple):
    """How many sentences are read under many changes."""

    chunks: list[Chunk]
    together: int  # changes at a time
    threads: int


def plan(
    mask: Bool[np.ndarray, "batch time"], changes: int, *, item: float, budget: int, fixed: set[int] | None
) -> Plan:
    """Return which sentences are read together.

    Args:
        mask: true where there is a word.
        changes: under how many changes each sentence is read.
        item: bytes that are held for one of them, of one sentence.
        budget: bytes for what is computed at a time.
        fixed: the lengths of axes that stay; one of them may run along the words, and then nothing is cut. None: what
            is read cannot be cut.
    """
    threads = min(_cores(), THREADS, len(mask)) if jax.default_backend() == "cpu" else 1
    to = np.full(len(mask), mask.shape[1]) if fixed is None else lengths(mask, changes, fixed)
    # several chunks for each length, so that little is padded and the threads end together
    most = math.ceil(len(mask) / threads / len(np.unique(to)))
    rows = min(batching.chunk_size(item, len(mask), budget // threads), most)
    order = np.argsort(-to, kind="stable")
    parts = [order[start : start + rows] for start in range(0, len(order), rows)]
    chunks = [Chunk(numbers, rows, int(to[numbers[0]])) for numbers in parts]
    return Plan(chunks, batching.chunk_size(item * rows, changes, budget // threads), threads)


def each(work: Callable[[Chunk], Any], plan: Plan, progress: batching.Progress | None) -> Iterator[Any]:
    """Yield what `work` makes of each chunk, in their order; a few run side by side.

    Args:
        work: its result should be complete: arrays on the host, or `jax.block_until_ready`.
        plan: the chunks.
        progress: called after each with how many sentences are done.
    """
    total = sum(len(chunk.numbers) for chunk in plan.chunks)
    with ThreadPoolExecutor(plan.threads, "chunks") as pool:
        running: deque[Any] = deque()
        done = 0
        for number, chunk in enumerate(plan.chunks):
            running.append(pool.submit(work, chunk))
            while len(running) == plan.threads or (running and number + 1 == len(plan.chunks)):
                yield running.popleft().result()
                done = min(done + chunk.rows, total)
                if progress:
                    progress(done, total)


def lengths(mask: Bool[np.ndarray, "batch time"], changes: int, fixed: set[int]) -> Int[np.ndarray, "batch"]:
    """Return to how many words each sentence is padded: to few lengths, and to one where compiling more would not pay.

    Arguments as in `plan`.

    Args:
        mask: true where there is a word.
        changes: how many edits are run of each sentence.
        fixed: lengths of axes that stay as they are; one of them may run along the words.
    """
    time = mask.shape[1]
    words = np.maximum(np.where(mask.any(axis=1), time - np.argmax(mask[:, ::-1], axis=1), 0), SHORTEST)
    shapes = min(int(words.sum()) * changes // SHAPE_COST, SHAPES)
    if shapes < 2 or time <= SHORTEST or time in fixed:
        return np.full(len(mask), time)
    widths = np.array([*padding.widths(words, shapes)[:-1], time])
    return widths[np.searchsorted(widths, words)]


def joined(leaves: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Join what was read of each chunk; where that has a place for each word, a text that was cut has 0 at padding.

    Returns:
        One array, the chunks one after the other along `axis`.
    """
    shape = np.max([leaf.shape for leaf in leaves], axis=0)
    grown = [(0, 0)] * (axis + 1)
    return np.concatenate(
        [np.pad(leaf, grown + [(0, int(size)) for size in (shape - leaf.shape)[axis + 1 :]]) for leaf in leaves],
        axis=axis,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
