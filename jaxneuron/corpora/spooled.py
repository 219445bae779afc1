"""Sentences on disk, of which one at a time is in memory, for texts that are longer than that."""

import json
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Sequence
from typing import overload


class Spooled(Sequence[list[str]]):
    """Sentences in a file that nobody else sees, and that goes with this; 8 bytes of memory for each.

    Args:
        sentences: their words; each is asked for once.

    Raises:
        OSError: there is no room on the disk.

    Example:
        >>> kept = Spooled([["a", "cat"], ["dogs"]])
        >>> len(kept), kept[1], kept[::2]
        (2, ['dogs'], [['a', 'cat']])
    """

    def __init__(self, sentences: Iterable[Sequence[str]]):
        self._edges = array("q", [0])
        self._file = tempfile.TemporaryFile()
        weakref.finalize(self, self._file.close)
        for sentence in sentences:
            self._file.write(line := json.dumps(list(sentence)).encode())
            self._edges.append(self._edges[-1] + len(line))
        self._file.flush()

    def __len__(self) -> int:
        """Return how many sentences there are."""
        return len(self._edges) - 1

    @overload
    def __getitem__(self, number: int) -> list[str]: ...

    @overload
    def __getitem__(self, number: slice) -> list[list[str]]: ...

    def __getitem__(self, number: int | slice) -> list[str] | list[list[str]]:
        """Return the words of a sentence, or of some.

        Raises:
            IndexError: there is no such sentence.
        """
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        place = range(len(self))[number]
        first, last = self._edges[place], self._edges[place + 1]
        return json.loads(os.pread(self._file.fileno(), last - first, first))  # threads may ask at the same time
