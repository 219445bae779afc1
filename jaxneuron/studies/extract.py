"""From a model and a text to a store of activations: one row per word (or per sentence) at every site asked for.

The text is read in blocks of a few shards of the store. A block's windows go through the model sorted by length, in
padded lengths that waste little on this corpus; the rows are put in the order of the text and handed to the store,
which writes them while the next block is computed. What is held in memory is two blocks, whatever the size of the
corpus. What a block holds depends neither on where a run was stopped nor on who computes it, so that a resumed store
is the same to the last bit, and several processes (`jax.distributed`) can fill one store, each its own blocks.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from jaxtyping import Array, Int
from tokenizers import Tokenizer
from xxhash import xxh3_128

from jaxneuron import batching, store
from jaxneuron.corpora import subwords
from jaxneuron.tap import check_site
from jaxneuron.tap import sites as all_sites
from jaxneuron.types import Activations, Forward, Params, Site, Tokens
from jaxneuron_models import batches

BLOCK = 2**15
"""Words of a block at most: what a kill may cost."""

SAMPLE = 2000
"""Sentences from which the padded lengths are chosen."""

SHAPE_COST = 8_000
"""Sub-words that are read in about the time that it takes to compile one more padded length and a little."""

POOLS = ("cls", *subwords.HOW)


class Reading(NamedTuple):
    """How text is read."""

    forward: Forward
    params: Params
    tokenizer: Tokenizer
    widths: dict[Site, int]
    how: str
    pool: str | None
    longest: int  # sub-words of a window
    lengths: list[int]  # padded
    tokens: int  # sub-words of a batch
    mesh: Mesh | None


def extract(
    forward: Forward,
    params: Params,
    tokenizer: Tokenizer,
    sentences: Sequence[Sequence[str]],
    out: Path | str,
    *,
    longest: int,
    sites: Sequence[Site] | None = None,
    how: str = "last",
    pool: str | None = None,
    dtype: Any = "float32",
    tokens: int | None = None,
    budget: int = batching.BUDGET,
    mesh: Mesh | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> store.Store:
    """Write the activations of a text to a store, or go on where an earlier call was stopped.

    Called in every process of `jax.distributed` alike, with a mesh of the process's own devices if any, each process
    computes a part of the shards; `out` must then be one folder that all of them see.

    Args:
        forward: the model.
        params: its weights.
        tokenizer: the one it was trained with.
        sentences: the text, as lists of words.
        out: the store's folder.
        longest: sub-words that the model reads at once; longer sentences are read in windows (see `corpora.subwords`).
        sites: which activations; by default what enters the first block and what leaves each.
        how: a word's vector from those of its sub-words: first, last, mean or max.
        pool: one vector per sentence instead: cls (the first token, special or not), first, last, mean or max (of the
            sub-words that are not special); of a sentence longer than the model, the first window counts.
        dtype: of the stored values: float32, float16 or bfloat16.
        tokens: sub-words of a batch; by default 512 on a CPU, whose caches are small, and 16,384 elsewhere.
        budget: bytes for the rows held in memory.
        mesh: devices that share each batch.
        progress: called with (words done, words in all) of this call and process.

    Returns:
        The finished store.

    Raises:
        KeyError: the model has no such site.
        ValueError: a sentence that cannot be read, or a store that was begun with something else.
        OSError: the disk is full.
    """
    if pool is not None and pool not in POOLS:
        raise ValueError(f"a sentence is pooled by {', '.join(POOLS)}, got {pool!r}")
    shapes = all_sites(forward, params, Tokens(jnp.zeros((1, 4), jnp.int32), jnp.ones((1, 4), bool)))
    chosen = tuple(sites or _layers(shapes))
    for site in chosen:
        check_site(site, shapes)
    widths = {site: shapes[site].shape[-1] for site in chosen}
    rows = [list(sentence) for sentence in sentences] if pool is None else [[" ".join(one)] for one in sentences]
    described = {
        "sites": widths,
        "sentences": rows,
        "fingerprint": fingerprint(forward, params),
        "dtype": dtype,
        "aggregation": how if pool is None else f"sentence: {pool}",
    }
    subwords.check(sentences)
    tokens = tokens or (512 if jax.default_backend() == "cpu" else 16_384)
    lengths = _lengths(tokenizer, sentences, longest)
    reading = Reading(
        forward, batching.replicate(params, mesh), tokenizer, widths, how, pool, longest, lengths, tokens, mesh
    )
    begins = np.cumsum([0, *map(len, rows)])
    held = budget // (2 * 4 * sum(widths.values()))  # words: a block is written while the next one is read
    with _open(Path(out), described, max(min(held // 3, store.SHARD_WORDS), store.CHUNK[0])) as writer:
        block = writer.shard_words * max(1, min(held, BLOCK) // writer.shard_words)
        missing = sorted({words.start // block for words in writer.missing})
        mine = [
            (number * block, min((number + 1) * block, int(begins[-1])))
            for number in missing[jax.process_index() :: jax.process_count()]
        ]

        def windows(start: int, stop: int) -> list[_Window]:
            first, last = np.searchsorted(begins, start, "right") - 1, np.searchsorted(begins, stop)
            return _windows(reading, sentences[first:last], begins[first:last] - start, stop - start)

        total, done = sum(stop - start for start, stop in mine), 0
        for (start, stop), part in zip(mine, _ahead(windows, mine), strict=True):
            computed = _read(reading, part, stop - start)
            writer.flush()
            writer.write(start, computed)
            done += stop - start
            if progress:
                progress(done, total)
        writer.flush()
        _meet("written")
    _meet("finished")
    return store.open(out)


def _layers(sites: Iterable[Site]) -> list[Site]:
    """Return what enters the first block and what leaves each, in the order of the blocks."""
    found = [site for site in sites if site == "embed" or site.endswith(("residual", "final"))]
    return sorted(
        found, key=lambda site: (site != "embed", [int(part) for part in re.findall(r"\d+", site)] or [10**9])
    )


def _lengths(tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], longest: int) -> list[int]:
    """Return padded lengths: more of them for a longer text, so that compiling them pays."""
    sample = sentences[:: -(-len(sentences) // SAMPLE)]
    sizes = np.array([len(window.ids) for window in subwords.split(tokenizer, sample, longest=longest).windows])
    total = sizes.sum() * len(sentences) / len(sample)
    chosen = batches.widths(sizes, int(np.clip(total / SHAPE_COST, 8, 24)))
    beyond = [2**power for power in range(3, 20) if chosen[-1] < 2**power < longest]  # for what the sample missed
    return chosen[: None if chosen[-1] < longest else -1] + beyond + [longest]


def fingerprint(forward: Forward, params: Params) -> str:
    """Return a hash of what is computed, and of the weights."""
    computed = jax.make_jaxpr(forward)(params, Tokens(jnp.zeros((1, 4), jnp.int32), jnp.ones((1, 4), bool)), {})
    digest = xxh3_128(re.sub(r"0x[0-9a-f]+", "", str(computed)).encode())  # addresses differ from run to run
    for leaf in jax.tree.leaves(params):
        digest.update(np.ascontiguousarray(np.asarray(leaf)).view(np.uint8))
    return digest.hexdigest()


def _open(out: Path, described: dict[str, Any], shard_words: int) -> store.Writer:
    """Create or resume the store in the first process, and join it in the others."""
    if jax.process_index() == 0:
        if (out / "manifest.json").exists():
            writer = store.resume(out, **described)
        else:
            writer = store.create(out, **described, shard_words=shard_words)
    _meet("opened")
    if jax.process_index():
        writer = store.resume(out, **described, part=jax.process_index())
    _meet("joined")  # all have seen the same shards missing
    return writer


def _meet(when: str) -> None:
    """Wait for the other processes."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(f"extract: {when}")


def _ahead(prepare: Callable[..., Any], items: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """Prepare each item while the one before it is worked on."""
    with ThreadPoolExecutor(1, "windows") as thread:
        following = [thread.submit(prepare, *item) for item in items[:1]]
        for number in range(len(items)):
            ready = following.pop().result()
            following = [thread.submit(prepare, *item) for item in items[number + 1 : number + 2]]
            yield ready


def _windows(
    reading: Reading, sentences: Sequence[Sequence[str]], begins: Int[np.ndarray, "sentence"], count: int
) -> list["_Window"]:
    """Return what must be read for a block of `count` rows; the sentences' own rows begin at `begins`."""
    split = subwords.split(reading.tokenizer, sentences, longest=reading.longest)
    windows = (_Window.of(window, int(begins[window.sentence]), reading.pool) for window in split.windows)
    return [window for window in windows if window.row < count and window.row + window.rows > 0]


def _read(reading: Reading, windows: list["_Window"], count: int) -> dict[Site, np.ndarray]:
    """Return `count` rows in the order of the text."""
    rows = {site: np.empty((count, width), np.float32) for site, width in reading.widths.items()}
    pending: list[tuple[Int[np.ndarray, "row time"], Activations]] = []
    for batch, height, length in _batches([len(window.ids) for window in windows], reading):
        ids, word = np.zeros((height, length), np.int32), np.full((height, length), -1, np.int32)
        mask, place = np.zeros((height, length), bool), np.full((height, length), -1)
        for row, window in enumerate(windows[number] for number in batch):
            size = len(window.ids)
            ids[row, :size], word[row, :size], mask[row, :size] = window.ids, window.word, True
            place[row, : window.rows] = np.arange(window.row, window.row + window.rows)
        given = batching.shard((Tokens(jnp.asarray(ids), jnp.asarray(mask)), jnp.asarray(word)), reading.mesh)
        how = "first" if reading.pool == "cls" else reading.pool or reading.how
        computed = _vectors(reading.forward, reading.params, *given, tuple(rows), how)
        pending.append((np.where(place < count, place, -1), computed))
        if len(pending) > 2:
            _put(rows, *pending.pop(0))
    for one in pending:
        _put(rows, *one)
    return rows


class _Window(NamedTuple):
    """A window, and the rows that come of it."""

    ids: Int[np.ndarray, "time"]
    word: Int[np.ndarray, "time"]  # which of this window's rows each sub-word counts for, -1 for none
    row: int  # where they go
    rows: int

    @classmethod
    def of(cls, window: subwords.Window, begin: int, pool: str | None) -> "_Window":
        if pool is None:
            inside = (window.word >= window.first) & (window.word < window.last)
            word = np.where(inside, window.word - window.first, -1)
            return cls(window.ids, word, begin + window.first, window.last - window.first)
        counts = np.arange(len(window.word)) == 0 if pool == "cls" else window.word >= 0
        return cls(window.ids, np.where(counts, 0, -1), begin, int(window.first == 0))


def _batches(sizes: list[int], reading: Reading) -> Iterator[tuple[list[int], int, int]]:
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
    tokens: Tokens,
    word: Int[Array, "batch time"],
    sites: tuple[Site, ...],
    how: str,
) -> Activations:
    """Return the vectors of each window's words, `[batch, word, unit]`, as many as there could be."""
    activations = forward(params, tokens, {})[1]
    fold = jax.vmap(partial(subwords.aggregate, words=word.shape[1], how=how))
    return {site: fold(activations[site], word).astype(jnp.float32) for site in sites}


def _put(rows: dict[Site, np.ndarray], place: Int[np.ndarray, "batch word"], computed: Activations) -> None:
    (filled,) = np.nonzero(place.reshape(-1) >= 0)
    into = place.reshape(-1)[filled]
    for site, value in computed.items():
        rows[site][into] = np.asarray(value).reshape(place.size, -1)[filled]
