"""How a block of text goes through a model: in batches by length, in few compiled shapes, to rows in order."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Int

from jaxneuron import batching, padding
from jaxneuron.corpora import subwords
from jaxneuron.corpora.subwords import Window
from jaxneuron.extract.reading import Reader, split
from jaxneuron.types import Activations, Forward, Packed, Params, Site, Tokens

SAMPLE = 2000
"""Sentences from which the padded lengths are chosen."""

PACKED = 64
"""The shortest row that holds several sentences; they double from there, and a sentence goes into the shortest one."""

THREADS = 3
"""Batches at a time: what XLA computes on one core of one batch, and the copies, fill the gaps of the other batches."""

SHAPE_COST = 8_000
"""Sub-words that are read in about the time that it takes to compile one more padded length and a little."""


class Reading(NamedTuple):
    """How text is read."""

    forward: Forward
    params: Params
    widths: dict[Site, int]
    how: str
    pool: str | None
    lengths: list[int]  # padded
    packed: bool  # several sentences in a row
    tokens: int  # sub-words of a batch
    mesh: Mesh | None


class Placed(NamedTuple):
    """A window, and the rows that come of it."""

    ids: Int[np.ndarray, "time"]
    word: Int[np.ndarray, "time"]  # which of this window's rows each sub-word counts for, -1 for none
    row: int  # where they go
    rows: int

    @classmethod
    def of(cls, window: Window, begin: int, pool: str | None) -> "Placed":
        if pool is None:
            inside = (window.word >= window.first) & (window.word < window.last)
            word = np.where(inside, window.word - window.first, -1)
            return cls(window.ids, word, begin + window.first, window.last - window.first)
        counts = np.arange(len(window.word)) == 0 if pool == "cls" else window.word >= 0
        return cls(window.ids, np.where(counts, 0, -1), begin, int(window.first == 0))


def packed_lengths(longest: int) -> list[int]:
    """Return the lengths of rows that hold several sentences each, up to the longest that the model reads at once."""
    lengths = [PACKED]
    while lengths[-1] < longest:
        lengths.append(2 * lengths[-1])
    return [*lengths[:-1], longest]


def padded_lengths(model: Reader, sentences: Sequence[Sequence[str]]) -> list[int]:
    """Return padded lengths: more of them for a longer text, so that compiling them pays."""
    sample = sentences[:: -(-len(sentences) // SAMPLE)]
    sizes = np.array([len(window.ids) for window in split(model, sample).windows])
    total = sizes.sum() * len(sentences) / len(sample)
    chosen = padding.widths(sizes, int(np.clip(total / SHAPE_COST, 8, 24)))
    if model.window is None:  # a longer one than any in the sample is read in the next power of two
        return [*chosen, *(2**power for power in range(3, 31) if 2**power > chosen[-1])]
    beyond = [2**power for power in range(3, 20) if chosen[-1] < 2**power < model.window]  # for what the sample missed
    return chosen[: None if chosen[-1] < model.window else -1] + beyond + [model.window]


def read(reading: Reading, windows: list[Placed], count: int) -> dict[Site, np.ndarray]:
    """Return `count` rows in the order of the text."""
    rows = {site: np.empty((count, width), np.float32) for site, width in reading.widths.items()}
    full = pack(windows, reading.lengths) if reading.packed else [[window] for window in windows]

    def fill(batch: tuple[list[int], int, int]) -> None:
        numbers, height, length = batch
        tokens, word, place = _lay([full[number] for number in numbers], height, length)
        plain = tokens if reading.packed else Tokens(tokens.ids, tokens.mask)
        given = batching.shard(jax.tree.map(jnp.asarray, (plain, word)), reading.mesh)
        how = "first" if reading.pool == "cls" else reading.pool or reading.how
        computed = _vectors(reading.forward, reading.params, *given, tuple(rows), how)
        _put(rows, np.where(place < count, place, -1), computed)

    # collectives of two batches at once could wait for each other for ever
    with ThreadPoolExecutor(1 if reading.mesh is not None else THREADS, "batches") as threads:
        for _ in threads.map(fill, batches([sum(len(window.ids) for window in row) for row in full], reading)):
            pass
    return rows


def pack(windows: list[Any], lengths: list[int]) -> list[list[Any]]:
    """Put windows side by side into rows, each into the fullest row that has room for it, the longest first."""
    rows: list[list[Any]] = []
    room: dict[tuple[int, int], list[int]] = {}  # (length, what is left) -> rows
    for window in sorted(windows, key=lambda window: -len(window.ids)):
        size = len(window.ids)
        length = next(length for length in lengths if length >= size)
        left = next((left for left in range(size, length + 1) if room.get((length, left))), None)
        if left is None:
            row, left = len(rows), length
            rows.append([])
        else:
            row = room[length, left].pop()
        rows[row].append(window)
        room.setdefault((length, left - size), []).append(row)
    return rows


def _lay(rows: list[list[Placed]], height: int, length: int) -> tuple[Packed, np.ndarray, np.ndarray]:
    """Return a batch, the vector that each sub-word counts for, and where the vectors go; -1 for none."""
    ids, segment = np.zeros((height, length), np.int32), np.full((height, length), length, np.int32)
    word, place = np.full((height, length), -1, np.int32), np.full((height, length), -1)
    mask = np.zeros((height, length), bool)
    for row, windows in enumerate(rows):
        start = vector = 0
        for number, window in enumerate(windows):
            here = slice(start, start + len(window.ids))
            ids[row, here], mask[row, here], segment[row, here] = window.ids, True, number
            word[row, here] = np.where(window.word >= 0, window.word + vector, -1)
            place[row, vector : vector + window.rows] = np.arange(window.row, window.row + window.rows)
            start, vector = here.stop, vector + window.rows
    return Packed(ids, mask, segment), word, place


def batches(sizes: list[int], reading: Reading) -> Iterator[tuple[list[int], int, int]]:
    """Yield windows, longest first, with the batch's height and padded length; the last ones have less height."""
    devices = reading.mesh.size if reading.mesh is not None else 1
    order = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    while order:
        length = reading.lengths[int(np.searchsorted(reading.lengths, sizes[order[0]]))]
        height = max(reading.tokens // length // devices, 1)
        while height // 2 * devices >= len(order):
            height //= 2
        part, order = order[: height * devices], order[height * devices :]
        yield part, height * devices, length


@partial(jax.jit, static_argnames=("forward", "sites", "how"))
def _vectors(
    forward: Forward,
    params: Params,
    tokens: Tokens | Packed,
    word: Int[Array, "batch time"],
    sites: tuple[Site, ...],
    how: str,
) -> Activations:
    """Return the vectors of each window's words, `[batch, word, unit]`, as many as there could be."""
    activations = forward(params, tokens, {})[1]
    fold = jax.vmap(partial(subwords.aggregate, words=word.shape[1], how=how))

    def rows(value: Array) -> Array:
        if value.shape[-2] == 1 < word.shape[1]:  # one vector for the text, which `to_store` pools
            value = jnp.broadcast_to(value, (*word.shape, value.shape[-1]))
        return fold(value, word).astype(jnp.float32)

    return {site: rows(activations[site]) for site in sites}


def _put(rows: dict[Site, np.ndarray], place: Int[np.ndarray, "batch word"], computed: Activations) -> None:
    (filled,) = np.nonzero(place.reshape(-1) >= 0)
    into = place.reshape(-1)[filled]
    for site, value in computed.items():
        rows[site][into] = np.asarray(value).reshape(place.size, -1)[filled]


def ahead(items: Iterator[Any]) -> Iterator[Any]:
    """Yield what an iterator yields, of which each is made while the one before it is worked on."""
    end = object()
    with ThreadPoolExecutor(1, "ahead") as thread:
        following = thread.submit(next, items, end)
        while (ready := following.result()) is not end:
            following = thread.submit(next, items, end)
            yield ready


def begun(items: Iterator[Any], count: int) -> Iterator[Any]:
    """Yield what an iterator yields, with so many more that are begun: for what JAX computes when it is asked to."""
    waiting = deque(islice(items, count))
    while waiting:
        waiting.extend(islice(items, 1))
        yield waiting.popleft()
