"""Filling a store, shard by shard, on a thread of its own."""

import math
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import Array, Float

from jaxneuron.store import _files
from jaxneuron.store._files import Manifest
from jaxneuron.tap import check_site
from jaxneuron.types import Site

OPEN_SHARDS = 4
"""Shards that may be half full at a time, and full ones that may wait to be written."""


class Writer:
    """Fills a store; made by `create` and `resume`.

    Full shards are encoded and written in the background while the next ones are filled; when too many wait, `write`
    waits too, so that memory stays bounded. Whole shards in the store's own dtype are not copied: leave them be.
    """

    def __init__(self, path: Path, manifest: Manifest, part: int = 0):
        self.path = path
        self._manifest = manifest
        self._part = part
        self._kept = manifest.whole()  # since before this writer
        self._full = set(self._kept)
        self._open: dict[int, tuple[np.ndarray, dict[Site, np.ndarray]]] = {}  # shard -> which rows are filled, rows
        self._arrays = {site: _files.memory_array(manifest, site) for site in manifest.sites}
        self._thread = ThreadPoolExecutor(1, "store")
        self._pending: deque[Future] = deque()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if kind is None:
            self.close()
        else:
            self._thread.shutdown()

    @property
    def shard_words(self) -> int:
        """Rows of a shard."""
        return self._manifest.shard_words

    @property
    def missing(self) -> list[slice]:
        """The words of each shard that is not full yet."""
        size, words = self._manifest.shard_words, self._manifest.words
        shards = (shard for shard in self._manifest.shards() if shard not in self._full)
        return [slice(shard * size, min((shard + 1) * size, words)) for shard in shards]

    @property
    def next_word(self) -> int:
        """The first word of the first shard that is not full: where a resumed run goes on."""
        return self.missing[0].start if self.missing else self._manifest.words

    @property
    def missing_bytes(self) -> int:
        """What is still to be written, in bytes."""
        return _files.missing_bytes(self._manifest)

    def write(
        self, first_word: int | np.integer, activations: Mapping[Site, Float[np.ndarray | Array, "word _"]]
    ) -> None:
        """Store the rows of consecutive words.

        Args:
            first_word: the row of the first of them, counted over the whole corpus.
            activations: every site -> `[token, unit]`.

        Raises:
            KeyError: a site that the store does not have.
            ValueError: a site is missing, other shapes than promised, words given twice or too far apart, or values
                beyond the range of the dtype.
            ValueError, OSError: a shard before has a value that is not finite, or could not be written; the message
                names the site, the unit and the word, or the file.
        """
        first = int(first_word)
        rows = self._checked(first, activations)
        count, size = len(next(iter(rows.values()))), self._manifest.shard_words
        if self._pending and self._pending[0].done():
            self._pending.popleft().result()
        for shard in range(first // size, math.ceil((first + count) / size)) if count else ():
            start, stop = max(first, shard * size), min(first + count, (shard + 1) * size)
            if shard not in self._kept:
                self._fill(shard, start, {site: value[start - first : stop - first] for site, value in rows.items()})

    def flush(self) -> None:
        """Wait until every full shard is on disk.

        Raises:
            ValueError, OSError: a shard has a value that is not finite, or could not be written.
        """
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """Wait until everything is on disk and, unless this is but a part, mark the store as finished.

        Raises:
            ValueError: words are missing, and the store can be resumed; or a value is not finite.
            OSError: a shard could not be written.
        """
        try:
            self.flush()
        finally:
            self._thread.shutdown()
        if self._part:
            return
        manifest = self._manifest = _files.merge_parts(self.path, self._manifest)
        whole = manifest.whole()
        if len(whole) < len(manifest.shards()):
            rows = sum(map(manifest.rows, whole)) + sum(int(filled.sum()) for filled, _ in self._open.values())
            raise ValueError(
                f"{manifest.words - rows} of {manifest.words} words were not written to {self.path}, the first in the "
                f"shard from word {self.next_word} on; write all before closing, or continue with `resume`"
            )
        self._register(manifest.files, finished=True)

    def _checked(self, first: int, activations: Mapping[Site, np.ndarray | Array]) -> dict[Site, np.ndarray]:
        sites, words = self._manifest.sites, self._manifest.words
        for site in activations:
            check_site(site, sites)
        if missing := set(sites) - set(activations):
            raise ValueError(f"no activations of {', '.join(sorted(missing))}; write all sites of a word together")
        rows = {site: np.asarray(activations[site]) for site in sites}
        count = next(iter(rows.values())).shape[0]
        for site, width in sites.items():
            if rows[site].shape != (count, width):
                raise ValueError(f"expected [word, unit] = {(count, width)} at {site!r}, got {rows[site].shape}")
        if first < 0 or first + count > words:
            raise ValueError(f"expected words from 0 to {words}, as in the sentences, got {first} to {first + count}")
        return rows

    def _fill(self, shard: int, start: int, part: dict[Site, np.ndarray]) -> None:
        manifest = self._manifest
        first, size = shard * manifest.shard_words, manifest.rows(shard)
        here = slice(start - first, start - first + len(next(iter(part.values()))))
        if shard in self._full or (shard in self._open and self._open[shard][0][here].any()):
            raise ValueError(f"of the words {start} to {first + here.stop}, some were written before; write each once")
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused with its place
            part = {site: value.astype(manifest.dtype, copy=False) for site, value in part.items()}
        if here == slice(0, size):
            self._submit(shard, part)
            return
        if shard not in self._open:
            if len(self._open) == OPEN_SHARDS:
                raise ValueError(
                    f"{OPEN_SHARDS} shards wait for words, the first from word {self.next_word} on, and word {start} "
                    "would open another; write words roughly in the order of the corpus"
                )
            rows = {site: np.empty((size, width), manifest.dtype) for site, width in manifest.sites.items()}
            self._open[shard] = (np.zeros(size, bool), rows)
        filled, rows = self._open[shard]
        filled[here] = True
        for site, value in part.items():
            rows[site][here] = value
        if filled.all():
            del self._open[shard]
            self._submit(shard, rows)

    def _submit(self, shard: int, rows: dict[Site, np.ndarray]) -> None:
        if len(self._pending) == OPEN_SHARDS:
            self._pending.popleft().result()
        self._full.add(shard)
        self._pending.append(self._thread.submit(self._store, shard, rows))

    def _store(self, shard: int, rows: dict[Site, np.ndarray]) -> None:
        files, first, key = dict(self._manifest.files), shard * self._manifest.shard_words, _files.shard_key(shard)
        for site, value in rows.items():
            self._check_finite(site, value, first)
        for site, value in rows.items():
            array = self._arrays[site]
            array[first : first + len(value)].write(value).result()
            content = array.kvstore.read(key).result().value
            del array.kvstore[key]
            name = _files.shard_file(site, shard)
            files[name] = _files.save(self.path / name, content)
        self._register(files, finished=False)

    def _check_finite(self, site: Site, value: np.ndarray, first: int) -> None:
        finite = np.isfinite(value)
        if finite.all():
            return
        row, unit = np.argwhere(~finite)[0]
        sentences = _files.load_sentences(self.path)
        begins = np.cumsum([0, *map(len, sentences)])
        sentence = int(np.searchsorted(begins, first + row, side="right")) - 1
        word = sentences[sentence][first + row - begins[sentence]]
        half = self._manifest.dtype
        raise ValueError(
            f"the activation of unit {unit} at {site!r} is {value[row, unit]} at word {first + row}, {word!r:.60} in "
            f"sentence {sentence} (from 0); a store holds finite numbers: look for NaN in the model's weights, or for "
            "what overflows in it"
            + (f"; or it is beyond the range of {half}: store float32 at another path" if half != "float32" else "")
        )

    def _register(self, files: dict[str, list], *, finished: bool) -> None:
        self._manifest = self._manifest._replace(files=dict(sorted(files.items())), finished=finished)
        _files.save_manifest(self.path, self._manifest, self._part)
