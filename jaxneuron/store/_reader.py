"""Reading a store: tables, and streams in bounded memory."""

import operator
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore

from jaxneuron.store import _files
from jaxneuron.store._files import Damage, Manifest
from jaxneuron.store._joined import Joined, normal, pair
from jaxneuron.tap import check_site
from jaxneuron.types import Site

WORDS = 8192
"""Words that a stream holds at a time."""


class Rows:
    """The table `[token, unit]` of one site; an index, as in numpy, reads just the chunks that it needs."""

    ndim = 2

    def __init__(self, array: tensorstore.TensorStore, name: str):
        self._array = array
        self._name = name
        self.shape = (array.shape[0], array.shape[1])
        self.dtype: np.dtype = array.dtype.numpy_dtype

    def __repr__(self) -> str:
        return f"Rows({self._name!r}, shape={self.shape}, dtype={self.dtype})"

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read words and units by number, slice, list of numbers or mask.

        Raises:
            IndexError: outside of the array, or no index.
            ValueError: what should be read is damaged.
        """
        whole = tuple(normal(*axis) for axis in zip(pair(index), self.shape, ("word", "unit"), strict=True))
        try:
            return np.asarray(self._array[whole].read().result())
        except (ValueError, OSError) as error:
            raise ValueError(f"cannot read {self._name} ({error}); `Store.verify` names what is damaged") from error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


class Store:
    """A finished store; made by `open`.

    `store[site]` is a `Table` `[token, unit]`, and `store.words(sentence)` the rows of a sentence in it.
    """

    def __init__(self, path: Path, manifest: Manifest):
        self.path = path
        self.manifest = manifest
        self._rows: dict[Site, Rows] = {}

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, {self.manifest.words} words, {', '.join(self.sites)})"

    @property
    def sites(self) -> dict[Site, int]:
        """Site -> units."""
        return dict(self.manifest.sites)

    @property
    def checksum(self) -> str:
        """The checksum of all that is stored; a run that was cut short and resumed ends in the same."""
        return self.manifest.checksum()

    @cached_property
    def sentences(self) -> list[list[str]]:
        """The words of the corpus."""
        return _files.load_sentences(self.path)

    @cached_property
    def offsets(self) -> np.ndarray:
        """The first row of each sentence and, at the end, the number of words: `Int[sentence + 1]`."""
        return np.load(self.path / "offsets.npy", mmap_mode="r")

    def words(self, sentence: int | np.integer) -> slice:
        """Return the rows of a sentence.

        Raises:
            IndexError: no such sentence.
        """
        number, last = operator.index(sentence), self.manifest.sentences - 1
        if not 0 <= number <= last:
            raise IndexError(f"no sentence {number} in {self.path}; it has the sentences 0 to {last}")
        return slice(int(self.offsets[number]), int(self.offsets[number + 1]))

    def __getitem__(self, site: Site) -> Rows:
        """Return the activations of a site, of which nothing is read yet.

        Raises:
            KeyError: no such site.
        """
        check_site(site, self.manifest.sites)
        if site not in self._rows:
            try:
                self._rows[site] = Rows(_files.file_array(self.path, site), f"{self.path}: {site}")
            except (ValueError, OSError) as error:
                raise ValueError(f"cannot read {site!r} of {self.path} ({error}); see `verify`") from error
        return self._rows[site]

    def joined(self, *sites: Site) -> Joined:
        """Return the activations of several sites side by side, of which nothing is read yet.

        Args:
            *sites: whose units, in this order; all of them in the order of the store, if none is named.

        Returns:
            A table `[token, unit]`; its `sites` tell which units are whose.

        Raises:
            KeyError: no such site.
            ValueError: a site is named twice.
        """
        if len(set(sites)) < len(sites):
            raise ValueError(f"expected each site once, got {', '.join(sites)}")
        return Joined({site: self[site] for site in sites or self.manifest.sites})

    def chunks(self, site: Site, *, words: int = WORDS, units: Any = slice(None)) -> Iterator[tuple[int, np.ndarray]]:
        """Stream over the words of a site.

        Args:
            site: whose activations.
            words: rows at a time, the bound on memory; the last chunk may have fewer.
            units: which of them, as an index.

        Returns:
            Pairs of the first row's number and `[token, unit]`.

        Raises:
            KeyError: no such site.
        """
        rows = self[site]
        if words < 1:
            raise ValueError(f"expected at least one word at a time, got {words}")
        return ((first, rows[first : first + words, units]) for first in range(0, len(rows), words))

    def by_sentence(self, *sites: Site, words: int = WORDS) -> Iterator[tuple[list[str], dict[Site, np.ndarray]]]:
        """Stream over the sentences.

        Args:
            *sites: whose activations; all, if none is named.
            words: rows read at a time, or those of one sentence, if it is longer.

        Returns:
            Pairs of the words and site -> `[token, unit]`.

        Raises:
            KeyError: no such site.
        """
        rows = {site: self[site] for site in sites or self.manifest.sites}
        return self._by_sentence(rows, words)

    def _by_sentence(self, rows: dict[Site, Rows], words: int) -> Iterator[tuple[list[str], dict[Site, np.ndarray]]]:
        offsets, first = self.offsets, 0
        while first < self.manifest.sentences:
            start = int(offsets[first])
            last = max(first + 1, int(np.searchsorted(offsets, start + words, side="right")) - 1)
            block = {site: array[start : int(offsets[last])] for site, array in rows.items()}
            for i in range(first, last):
                here = slice(int(offsets[i]) - start, int(offsets[i + 1]) - start)
                yield self.sentences[i], {site: value[here] for site, value in block.items()}
            first = last

    def verify(self) -> list[Damage]:
        """Read every file and compare its checksum; return what is damaged or missing, nothing if all is well."""
        return _files.damages(self.path, self.manifest)
