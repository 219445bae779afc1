"""From a model and a text to a store of activations: one row per word (or per sentence) at every site asked for.

The text is read in blocks of a few shards of the store. A block's windows go through the model sorted by length, in
padded lengths that waste little on this corpus; the rows are put in the order of the text and handed to the store,
which writes them while the next block is computed. What is held in memory is two blocks, whatever the size of the
corpus. What a block holds depends neither on where a run was stopped nor on who computes it, so that a resumed store
is the same to the last bit, and several processes (`jax.distributed`) can fill one store, each its own blocks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from xxhash import xxh3_128

from jaxneuron import batching, lock, store
from jaxneuron.corpora import subwords
from jaxneuron.corpora.subwords import Split
from jaxneuron.extract._batches import Placed, Reading, ahead, packed_lengths, padded_lengths, read
from jaxneuron.extract._source import Source as Source
from jaxneuron.extract._source import layers, shapes_of
from jaxneuron.extract.reading import Reader, split, unknown
from jaxneuron.tap import check_site
from jaxneuron.types import Forward, Params, Site, Tokens

POOLS = ("cls", *subwords.HOW)

BLOCK = 2**15
"""Words of a block at most: what a kill may cost."""

UNKNOWN = 0.03
"""The share of unknown words that is worth a line."""


class Settings(NamedTuple):
    """How activations are stored."""

    how: str = "last"  # a word's vector from those of its sub-words: first, last, mean or max
    pool: str | None = None  # one vector per sentence instead: cls (the first token, special or not), first, last, mean
    # or max (of those that are not special); of a sentence longer than the model, the first window counts
    dtype: Any = "float32"  # of the stored values: float32, float16 or bfloat16
    tokens: int | None = None  # of a batch; None: 512 on a CPU, whose caches are small, and 16,384 elsewhere
    budget: int = batching.BUDGET  # bytes for the rows held in memory
    mesh: Mesh | None = None  # devices that share each batch


def extract(
    model: Source,
    sentences: Sequence[Sequence[str]],
    out: Path | str,
    *,
    sites: Sequence[Site] | None = None,
    settings: Settings = Settings(),  # noqa: B008 (it cannot be changed)
    progress: Callable[[int, int], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> store.Store:
    """Write the activations of a text to a store, or go on where an earlier call was stopped.

    Called in every process of `jax.distributed` alike, with a mesh of the process's own devices if any, each process
    computes a part of the shards; `out` must then be one folder that all of them see.

    Args:
        model: such as `jaxneuron_models.open.open` returns. Sentences longer than it reads at once are read in windows
            (see `corpora.subwords`).
        sentences: the text, as lists of words.
        out: the store's folder.
        sites: which activations; by default what enters the first block and what leaves each, or, of a model without
            blocks, all with a vector for each word that are no affine function of another.
        settings: how they are stored.
        progress: called with (words done, words in all) of this call and process.
        notice: called at the start with what the store takes on disk, and at the end with what was not plain: words
            that the model does not know, if they are more than a few percent; words of which the tokenizer leaves
            nothing, read as the unknown token; words longer than the model, of which the beginning is read; sentences
            read in windows.

    Returns:
        The finished store.

    Raises:
        KeyError: the model has no such site.
        ValueError: a sentence that cannot be read, a model that reads two texts, a site with one vector for the text
            where each word's is stored, a store that was begun with something else, or an activation that is not
            finite, named with its site, unit and word.
        OSError: the disk is full, or has too little room for what is to come, or another
            process writes this store.
    """
    how, pool, dtype, tokens, budget, mesh = settings
    forward, params = model.forward, model.params
    if pool is not None and pool not in POOLS:
        raise ValueError(f"a sentence is pooled by {', '.join(POOLS)}, got {pool!r}")
    if how not in subwords.HOW:
        raise ValueError(f"sub-words are aggregated by {', '.join(subwords.HOW)}, got {how!r}")
    shapes = shapes_of(model)
    chosen = tuple(sites or layers(shapes, model.linear))
    for site in chosen:
        check_site(site, shapes)
        if pool is None and shapes[site].shape[-2] == 1:
            raise ValueError(
                f"{site!r} has one vector for a text, and none for each word; store it with a vector per sentence "
                "(pool='last', --pool last), or leave it out"
            )
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
    packed = model.packed and all(shapes[site].shape[-2] > 1 for site in chosen)
    lengths = packed_lengths(model.window) if packed and model.window else padded_lengths(model, sentences)
    reading = Reading(forward, batching.replicate(params, mesh), widths, how, pool, lengths, packed, tokens, mesh)
    begins = np.cumsum([0, *map(len, rows)])
    held = budget // (2 * 4 * sum(widths.values()))  # words: a block is written while the next one is read
    shard_words = max(min(held // 3, store.SHARD_WORDS), store.CHUNK[0])
    with lock.held(_lock_file(Path(out)), out), _open(Path(out), described, shard_words) as writer:
        if notice and (size := writer.missing_bytes):
            notice(f"{_size(size)} will be written to {out}")
        block = writer.shard_words * max(1, min(held, BLOCK) // writer.shard_words)
        missing = sorted({words.start // block for words in writer.missing})
        mine = [
            (number * block, min((number + 1) * block, int(begins[-1])))
            for number in missing[jax.process_index() :: jax.process_count()]
        ]
        odd = _Odd(model)

        def windows(start: int, stop: int) -> list[Placed]:
            first, last = int(np.searchsorted(begins, start, "right")) - 1, int(np.searchsorted(begins, stop))
            cut = split(model, sentences[first:last])
            odd.note(cut, first, sentences[first:last])
            found = (Placed.of(window, int(begins[first + window.sentence]) - start, pool) for window in cut.windows)
            return [window for window in found if window.row < stop - start and window.row + window.rows > 0]

        total, done = sum(stop - start for start, stop in mine), 0
        for (start, stop), part in zip(mine, ahead(windows(*one) for one in mine), strict=True):
            computed = read(reading, part, stop - start)
            writer.flush()
            writer.write(start, computed)
            done += stop - start
            if progress:
                progress(done, total)
        writer.flush()
        _meet("written")
    _meet("finished")
    if notice:
        for text in odd.texts(sentences):
            notice(text)
    return store.open(out)


def fingerprint(forward: Forward, params: Params) -> str:
    """Return a hash of what is computed, and of the weights."""
    computed = jax.make_jaxpr(forward)(params, Tokens(jnp.zeros((1, 4), jnp.int32), jnp.ones((1, 4), bool)), {})
    digest = xxh3_128(re.sub(r"0x[0-9a-f]+", "", str(computed)).encode())  # addresses differ from run to run
    for leaf in jax.tree.leaves(params):
        digest.update(np.ascontiguousarray(np.asarray(leaf)).view(np.uint8).data)
    return digest.hexdigest()


def _lock_file(out: Path) -> Path:
    """Return what a process that writes a store holds: beside it, for the store's folder appears whole."""
    part = f".{jax.process_index()}" if jax.process_index() else ""
    return out.absolute().with_name(f".{out.absolute().name}{part}.lock")


def _open(out: Path, described: dict[str, Any], shard_words: int) -> store.Writer:
    """Create or resume the store in the first process, and join it in the others."""
    if jax.process_index():
        _meet("opened")
        writer = store.resume(out, **described, part=jax.process_index())
    else:
        begun = (out / "manifest.json").exists()
        writer = store.resume(out, **described) if begun else store.create(out, **described, shard_words=shard_words)
        _meet("opened")
    _meet("joined")  # all have seen the same shards missing
    return writer


def _meet(when: str) -> None:
    """Wait for the other processes."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(f"extract: {when}")


def _size(count: int) -> str:
    """Return a number of bytes for people.

    Example:
        >>> _size(1_900_000_000), _size(320)
        ('1.9 GB', '1 kB')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{-(-count // 1000)} kB"


class _Odd:
    """What was not plain in the text."""

    def __init__(self, model: Reader):
        self._model = model
        self.read = 0  # words
        self.unknown: set[tuple[int, int]] = set()  # (sentence, word) of which the model knows a part only
        self.empty: set[tuple[int, int]] = set()
        self.cut: set[tuple[int, int]] = set()
        self.long: set[int] = set()  # sentences in several windows

    def note(self, split: Split, first: int, sentences: Sequence[Sequence[str]]) -> None:
        """Add what was found in sentences that begin with number `first`."""
        self.empty.update((first + sentence, word) for sentence, word in split.unknown)
        self.cut.update((first + sentence, word) for sentence, word in split.cut)
        pairs = zip(split.windows, split.windows[1:], strict=False)
        self.long.update(first + one.sentence for one, other in pairs if one.sentence == other.sentence)
        self.read += sum(window.last - window.first for window in split.windows)
        self.unknown.update((first + sentence, word) for sentence, word in unknown(self._model, split, sentences))

    def texts(self, sentences: Sequence[Sequence[str]]) -> Iterator[str]:
        """Yield a line for each kind."""
        many = self.unknown if len(self.unknown) > UNKNOWN * self.read else set()
        share = len(self.unknown) / max(self.read, 1)
        for what, found in (
            (
                f"unknown to the model ({share:.0%}), and their vectors tell little; take a model of such text, or "
                "train one on it",
                many,
            ),
            ("read as the unknown token, because the tokenizer leaves nothing of them", self.empty),
            ("longer than the model, and only their beginning was read", self.cut),
        ):
            if found:
                sentence, word = min(found)
                shown = f"{sentences[sentence][word]!r:.40} in sentence {sentence} (from 0)"
                yield f"{len(found)} words were {what}; the first is {shown}"
        if self.long:
            yield f"{len(self.long)} sentences are longer than the model and were read in overlapping windows"
