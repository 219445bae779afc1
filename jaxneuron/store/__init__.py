"""Activations of a whole corpus on disk: written while they are computed, read back a little at a time.

A store is a folder with one zarr v3 array `[token, unit]` per site (its tokens are the words of all sentences, in the
order of the corpus), the sentences, and `manifest.json`. An array is cut into shards of whole rows, one file each; a
shard enters the manifest, with its checksum, once all its files are on disk, so that a run killed at any moment
continues at the first shard that is not whole and ends in the same bytes. A store of sentence vectors has sentences of
one "word".

Reading by word and reading by neuron pull in opposite directions: with chunks of w words x u units, one word costs
w * width values and one neuron costs words * u. Within a shard, chunks of 512 x 32 keep both small. Measured on one
core, 50,000 words x 384 units in float32, files in the page cache: one neuron 6 ms, one word 0.7 ms. Other shapes:
1024 x 16 takes 3.4 and 1.3 ms; 512 x 64, 18 and 0.6 ms; 256 x 384 (whole rows), 88 and 0.5 ms. Nothing is compressed:
on normal deviates, zstd at level 1 saves 7% of the space and takes 1.6 times as long to encode and to read. Each chunk
has its own CRC-32C, so that a damaged one is an error when it is read.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxneuron.store import _files
from jaxneuron.store._files import SHARD_WORDS, Damage, Manifest
from jaxneuron.store._reader import Rows, Store
from jaxneuron.store._writer import Writer
from jaxneuron.types import Site

__all__ = ["CHUNK", "SHARD_WORDS", "Damage", "Manifest", "Rows", "Store", "Writer", "create", "open", "resume"]

CHUNK = (512, 32)
"""Words and units that are read together; see above."""


def create(
    path: str | Path,
    *,
    sites: Mapping[Site, int],
    sentences: Sequence[Sequence[str]],
    fingerprint: str,
    dtype: Any = "float32",
    aggregation: str = "",
    shard_words: int | None = None,
    chunk: tuple[int, int] = CHUNK,
) -> Writer:
    """Begin a store.

    Args:
        path: a folder that does not exist yet, or an empty one.
        sites: site -> units.
        sentences: the corpus as words; sentences without words are kept, and have no rows.
        fingerprint: identifies the model, so that another one cannot continue the store.
        dtype: float32, float16 or bfloat16.
        aggregation: how a word's vector is made of its pieces, to be remembered.
        shard_words: rows of a file, rounded down to a multiple of the chunk's. A kill costs at most what is not yet in
            whole shards, and about two shards of all sites are held in memory. By default 8,192, or what fits
            `batching.BUDGET`.
        chunk: words and units that are read together.

    Returns:
        A writer: a context manager that closes the store, or leaves it to `resume` after an error.

    Raises:
        FileExistsError: something is at the path.
        ValueError: no sites, no words, or a dtype or shape that cannot be stored.
        OSError: the disk is full, has too little room for all that is promised, or is not ours to write.

    Example:
        >>> import tempfile, numpy as np
        >>> path = Path(tempfile.mkdtemp()) / "store"
        >>> with create(path, sites={"embed": 2}, sentences=[["a", "dog"], ["cats"]], fingerprint="tiny") as writer:
        ...     writer.write(0, {"embed": np.array([[0, 1], [2, 3], [4, 5]], np.float32)})
        >>> store = open(path)
        >>> store["embed"][:, 1].tolist(), store["embed"][store.words(1)].tolist()
        ([1.0, 3.0, 5.0], [[4.0, 5.0]])
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise FileExistsError(f"{path} exists; give a new path, continue a store with `store.resume`, or remove it")
    manifest = _files.describe(sites, sentences, dtype, fingerprint, aggregation, shard_words, chunk)
    _files.check_room(path, manifest)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        written = {
            name: _files.save(beside / name, content) for name, content in _files.beginning(manifest, sentences).items()
        }
        manifest = manifest._replace(files=written)
        _files.save_manifest(beside, manifest)
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Writer(path, manifest)


def resume(
    path: str | Path,
    *,
    sites: Mapping[Site, int],
    sentences: Sequence[Sequence[str]],
    fingerprint: str,
    dtype: Any = "float32",
    aggregation: str = "",
    part: int = 0,
) -> Writer:
    """Continue a store whose writing was cut short, at the first shard that is not whole and undamaged.

    Several processes can write the shards of one store: the first creates or resumes it, then the others resume it as
    another `part`. When all have closed their writers, the first closes its own.

    Args:
        path: the store. One that is finished, but has damaged shards, is mended.
        sites: as it was begun, like the following.
        sentences: the corpus as words.
        fingerprint: identifies the model.
        dtype: float32, float16 or bfloat16.
        aggregation: how a word's vector is made of its pieces.
        part: which of the processes that write at the same time; the first is 0.

    Returns:
        A writer; the words before its `next_word` need not be written again (if they are, they are passed over).

    Raises:
        FileNotFoundError: nothing at the path.
        ValueError: not a store, one that was begun with something else, or damage that writing on cannot mend.
        OSError: the disk has too little room for the rest.
    """
    path = Path(path)
    manifest = _files.load_manifest(path)
    if part == 0:
        manifest = _files.merge_parts(path, manifest)
    damages = _files.damages(path, manifest)
    for damage in damages:
        if damage.site is None:
            raise ValueError(f"cannot resume {path}: {damage.file} {damage.problem}; create the store anew")
    for what, begun, given in (
        ("sites", manifest.sites, dict(sites)),
        ("dtype", manifest.dtype, _files.dtype_name(dtype)),
        ("fingerprint", manifest.fingerprint, fingerprint),
        ("aggregation", manifest.aggregation, aggregation),
    ):
        if begun != given:
            raise ValueError(f"{path} was begun with the {what} {begun!r}, not {given!r}; give the same, or a new path")
    begun, given = _files.load_sentences(path), [list(sentence) for sentence in sentences]
    if begun != given:
        same = (one == other for one, other in zip(begun, given, strict=False))
        first = next((i for i, equal in enumerate(same) if not equal), min(len(begun), len(given)))
        raise ValueError(
            f"{path} was begun with {len(begun)} sentences; the {len(given)} given differ from sentence {first} on; "
            "give the same, or a new path"
        )
    lost = {damage.file for damage in damages}
    kept = {name: entry for name, entry in manifest.files.items() if path / name not in lost}
    manifest = manifest._replace(files=kept, finished=manifest.finished and not lost)
    if part == 0:
        _files.check_room(path, manifest)
    return Writer(path, manifest, part)


def open(path: str | Path) -> Store:
    """Open a finished store for reading; sizes are checked now, checksums by `Store.verify`.

    Args:
        path: the store.

    Returns:
        The store; nothing but its manifest has been read.

    Raises:
        FileNotFoundError: nothing at the path.
        ValueError: not a store, an unfinished one, or one with missing or cut files, which are named.
    """
    path = Path(path)
    manifest = _files.load_manifest(path)
    if not manifest.finished:
        done = sum(manifest.rows(shard) for shard in manifest.whole())
        raise ValueError(
            f"{path} is unfinished, with {done} of {manifest.words} words; continue it with `resume`, or with "
            "the command that began it"
        )
    if found := _files.damages(path, manifest, contents=False):
        named = ", ".join(f"{damage.file} {damage.problem}" for damage in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise ValueError(
            f"{path} is damaged: {named}{more}; mend it with `resume` or the command that wrote it, or create it anew"
        )
    return Store(path, manifest)
