"""The files of a store: what is in them, how they are written whole, and whether they still are.

manifest.json                  the `Manifest`, with a checksum of its own
manifest.1.json                that of another process, while it writes shards to the same store
sentences.jsonl, offsets.npy   the words, a sentence per line; the first word of each sentence, and the end
block3+mlp.zarr/zarr.json      the array of the site "block3/mlp"
block3+mlp.zarr/c/17/0         its shard 17
"""

import contextlib
import errno
import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jax
import jax.numpy as jnp
import numpy as np
import tensorstore
from xxhash import xxh3_128

from jaxneuron import __version__
from jaxneuron.batching import BUDGET
from jaxneuron.types import Site

FORMAT = 1
DTYPES = ("float32", "float16", "bfloat16")
SHARD_WORDS = 8192
_LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
_CRC = {"name": "crc32c"}


class Manifest(NamedTuple):
    """What a store says of itself, in `manifest.json`."""

    fingerprint: str  # of the model
    aggregation: str  # how a word's vector was made of its pieces
    dtype: str
    sites: dict[Site, int]  # site -> units
    words: int
    sentences: int
    shard_words: int
    chunk: list[int]  # words and units; the units are evened out over each site's width
    versions: dict[str, str]
    files: dict[str, list]  # what is wholly written: path within the store -> bytes and XXH3-128
    finished: bool

    def shards(self) -> range:
        """Return the numbers of the shards."""
        return range(math.ceil(self.words / self.shard_words))

    def rows(self, shard: int) -> int:
        """Return how many words a shard has; the last one may have fewer."""
        return min(self.shard_words, self.words - shard * self.shard_words)

    def whole(self) -> set[int]:
        """Return the shards of which every site is written."""
        return {shard for shard in self.shards() if all(shard_file(site, shard) in self.files for site in self.sites)}

    def checksum(self) -> str:
        """Return the checksum of everything: of the manifest, which holds those of the other files."""
        return xxh3_128(json.dumps(self._asdict()).encode()).hexdigest()


class Damage(NamedTuple):
    """One file of a store that is not as it was written."""

    file: Path
    site: Site | None  # None: not a shard
    words: slice | None  # the rows of the shard
    problem: str


def describe(
    sites: Mapping[Site, int],
    sentences: Sequence[Sequence[str]],
    dtype: Any,
    fingerprint: str,
    aggregation: str,
    shard_words: int | None,
    chunk: tuple[int, int],
) -> Manifest:
    """Return the manifest of a store of which nothing is written yet."""
    for i, sentence in enumerate(sentences):
        if isinstance(sentence, str) or not all(isinstance(word, str) for word in sentence):
            raise ValueError(f"sentence {i}: expected a list of words, got {sentence!r:.80}")
    words = sum(map(len, sentences))
    if not words:
        raise ValueError(f"expected at least one word, got {len(sentences)} sentences without any")
    if not sites or not all(site and width >= 1 for site, width in sites.items()):
        raise ValueError(f"expected at least one site, each with a name and at least one unit, got {dict(sites)}")
    if min(chunk) < 1 or (shard_words is not None and shard_words < 1):
        raise ValueError(f"expected a chunk and shards of at least 1, got the chunk {chunk} and {shard_words} words")
    name, rows = dtype_name(dtype), min(chunk[0], words)
    if shard_words is None:
        fit = BUDGET // (sum(sites.values()) * jnp.dtype(name).itemsize)
        shard_words = min(SHARD_WORDS, fit)
    shard_words = max(1, shard_words // rows) * rows
    return Manifest(
        fingerprint=fingerprint,
        aggregation=aggregation,
        dtype=name,
        sites=dict(sites),
        words=words,
        sentences=len(sentences),
        shard_words=min(shard_words, math.ceil(words / rows) * rows),
        chunk=[rows, chunk[1]],
        versions={"jaxneuron": __version__, "jax": jax.__version__, "tensorstore": version("tensorstore")},
        files={},
        finished=False,
    )


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype that can be stored."""
    try:
        name = jnp.dtype(dtype).name
    except TypeError:
        name = dtype
    if name not in DTYPES:
        raise ValueError(f"cannot store the dtype {name!r}; expected one of {', '.join(DTYPES)}")
    return name


def beginning(manifest: Manifest, sentences: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """Return the files that are there before the first shard, name -> content."""
    offsets = io.BytesIO()
    np.save(offsets, np.cumsum([0, *map(len, sentences)], dtype=np.int64))
    lines = "".join(json.dumps(list(sentence)) + "\n" for sentence in sentences)
    files = {"sentences.jsonl": lines.encode(), "offsets.npy": offsets.getvalue()}
    for site in manifest.sites:
        array = memory_array(manifest, site)
        files[f"{folder(site)}/zarr.json"] = array.kvstore.read("zarr.json").result().value
    return files


def folder(site: Site) -> str:
    """Return the name of a site's folder, another one for every other site."""
    return quote(site, safe="").replace("%2F", "+") + ".zarr"


def shard_key(shard: int) -> str:
    """Return the name of a shard within the folder of its site."""
    return f"c/{shard}/0"


def shard_file(site: Site, shard: int) -> str:
    """Return the path of a shard within the store."""
    return f"{folder(site)}/{shard_key(shard)}"


def memory_array(manifest: Manifest, site: Site) -> Any:  # a TensorStore, which has a kvstore
    """Return an empty array in memory, in which shards are encoded one after the other."""
    width, (rows, units) = manifest.sites[site], manifest.chunk
    parts = math.ceil(width / units)
    units = math.ceil(width / parts)
    inner = {"chunk_shape": [rows, units], "codecs": [_LITTLE, _CRC], "index_codecs": [_LITTLE, _CRC]}
    metadata = {
        "shape": [manifest.words, width],
        "data_type": manifest.dtype,
        "fill_value": "NaN",
        "dimension_names": ["word", "unit"],
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [manifest.shard_words, parts * units]}},
        "codecs": [{"name": "sharding_indexed", "configuration": inner}],
    }
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "memory"},
        "metadata": metadata,
        "store_data_equal_to_fill_value": True,
    }
    return tensorstore.open(spec, create=True, context=tensorstore.Context()).result()


def file_array(path: Path, site: Site) -> tensorstore.TensorStore:
    """Open the array of a site for reading."""
    kvstore = {"driver": "file", "path": str((path / folder(site)).resolve()) + "/"}
    return tensorstore.open({"driver": "zarr3", "kvstore": kvstore}, open=True, read=True).result()


def save(file: Path, content: bytes) -> list:
    """Write a file beside and rename it, so that it is whole or absent; return its size and checksum."""
    beside = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        reason = (
            f"{error.strerror}: could not write {len(content)} bytes; what is whole is kept: make room, and `resume` "
            "or the same command goes on"
        )
        raise OSError(error.errno, reason, str(file)) from error
    return [len(content), xxh3_128(content).hexdigest()]


def missing_bytes(manifest: Manifest) -> int:
    """Return how many bytes the shards that are not whole yet take."""
    rows = sum(manifest.rows(shard) for shard in set(manifest.shards()) - manifest.whole())
    return rows * sum(manifest.sites.values()) * jnp.dtype(manifest.dtype).itemsize


def check_room(path: Path, manifest: Manifest) -> None:
    """Raise an OSError if the disk has too little room for what is still to be written."""
    folder = path.absolute()
    while not folder.exists():
        folder = folder.parent
    free, needed = shutil.disk_usage(folder).free, missing_bytes(manifest)
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"the store takes {needed:,} bytes more, and its disk has room for {free:,}; make room, or "
            "store fewer sites, or values of 16 bits",
            str(path),
        )


def manifest_file(part: int) -> str:
    """Return the name of the manifest of one of the processes that write a store."""
    return f"manifest.{part}.json" if part else "manifest.json"


def save_manifest(path: Path, manifest: Manifest, part: int = 0) -> None:
    """Put the manifest in place, with a checksum of its own."""
    document = {"format": FORMAT, "checksum": manifest.checksum(), **manifest._asdict()}
    save(path / manifest_file(part), (json.dumps(document, indent=1) + "\n").encode())


def merge_parts(path: Path, manifest: Manifest) -> Manifest:
    """Return the manifest with the files that other processes wrote, put it in place, and remove theirs."""
    parts = sorted(path.glob("manifest.*.json"))
    for part in parts:
        other = load_manifest(path, part.name)
        if other._replace(files={}, finished=False) != manifest._replace(files={}, finished=False):
            raise ValueError(f"{part} is of another store than the manifest.json beside it; remove it")
        manifest = manifest._replace(files=dict(sorted((other.files | manifest.files).items())))
    if parts:
        save_manifest(path, manifest)
    for part in parts:
        part.unlink()
    return manifest


def load_manifest(path: Path, name: str = "manifest.json") -> Manifest:
    """Read and check the manifest.

    Raises:
        FileNotFoundError: nothing at the path.
        ValueError: not a store, or its manifest is damaged.
    """
    file = path / name
    if not path.exists():
        raise FileNotFoundError(f"no store {path}; `create` or `jaxneuron extract` begins one")
    if not file.exists():
        raise ValueError(f"{path} is not a store: it has no manifest.json, as `create` or `jaxneuron extract` leave it")
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        number, checksum = document.pop("format"), document.pop("checksum")
        if number != FORMAT:
            raise ValueError(f"its format is {number}, this jaxneuron reads {FORMAT}")
        manifest = Manifest(**document)
        if manifest.checksum() != checksum:
            raise ValueError("its checksum does not fit its contents")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"cannot read {file} ({error}); restore it, or create the store anew") from error
    return manifest


def load_sentences(path: Path) -> list[list[str]]:
    """Read the sentences of a store."""
    with (path / "sentences.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def damages(path: Path, manifest: Manifest, *, contents: bool = True) -> list[Damage]:
    """Return what is not as it was written: missing, of another size or, if `contents` are read, changed."""
    shards = {shard_file(site, shard): (site, shard) for site in manifest.sites for shard in manifest.shards()}
    found = []
    for name, (size, checksum) in manifest.files.items():
        if problem := _problem(path / name, size, checksum if contents else None):
            site, shard = shards.get(name, (None, 0))
            first = shard * manifest.shard_words
            words = None if site is None else slice(first, first + manifest.rows(shard))
            found.append(Damage(path / name, site, words, problem))
    return found


def _problem(file: Path, size: int, checksum: str | None) -> str:
    if not file.is_file():
        return "is missing"
    if file.stat().st_size != size:
        return f"has {file.stat().st_size} bytes instead of {size}"
    if checksum is None:
        return ""
    with file.open("rb") as stream:
        same = hashlib.file_digest(stream, xxh3_128).hexdigest() == checksum
    return "" if same else "is damaged: its checksum is another"
