"""Pairs of texts that differ in one variable, and what comes next in each case: what interchanges are tried on.

A file has a JSON object with `base`, `source`, `expected` and `instead` on each line, perhaps packed by gzip: once the
activations of `source` stand in for those of `base`, `expected` must come next and not `instead`. Of minimal pairs
about a verb's number, such as BLiMP's, a row is the text before the verb, both forms of it, and as the source the text
before another verb, of the other number.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxneuron.corpora import minimal_pairs
from jaxneuron.corpora._json import field, read_lines
from jaxneuron.corpora.agreement import Pair


class Counterfactual(NamedTuple):
    """What comes next if a text has a variable of another."""

    base: str  # the text that is read
    source: str  # the text that lends
    expected: str  # what must come after the base once it has the source's
    instead: str  # what comes after it as it is


def read(path: Path, *, seed: int = 0) -> list[Counterfactual]:
    """Return the rows of a file.

    Args:
        path: JSON lines, `.jsonl` or `.jsonl.gz`, of such rows or of minimal pairs.
        seed: of minimal pairs, for which is the source of which.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line that is no such row, the first is named; or no rows.
    """
    found = []
    for number, row in read_lines(path):
        if not found and isinstance(row, dict) and "sentence_good" in row:
            return of_pairs(minimal_pairs.read(path), seed=seed)
        where = f"{path}, line {number}"
        texts = [field(row, name, str, where) for name in Counterfactual._fields]
        if empty := [name for name, text in zip(Counterfactual._fields, texts, strict=True) if not text.strip()]:
            raise ValueError(f"{where}: {empty[0]!r} is empty; give some words")
        found.append(Counterfactual(*texts))
    if not found:
        raise ValueError(
            f"{path} has no pairs; give a JSON object with {', '.join(Counterfactual._fields)} on each line"
        )
    return found


def of_pairs(pairs: Sequence[Pair], *, seed: int = 0) -> list[Counterfactual]:
    """Return a row of each minimal pair, with a source among those of the other value.

    Args:
        pairs: good sentences, and what makes them bad.
        seed: for the sources.

    Raises:
        ValueError: all pairs have one value.

    Example:
        >>> cat, dogs = (Pair(("A", "cat"), ("has", "have"), ("fun",), 0, "", False),
        ...              Pair(("Dogs",), ("have", "has"), ("fun",), 1, "", False))
        >>> of_pairs([cat, dogs])[0]
        Counterfactual(base='A cat', source='Dogs', expected='have fun', instead='has fun')
    """
    value = np.array([pair.value for pair in pairs])
    if len(set(value.tolist())) < 2:
        raise ValueError(f"all {len(pairs)} pairs have the value {value[:1].tolist()}; a source has another value")
    draw, found = np.random.default_rng(seed), []
    for pair in pairs:
        source = pairs[draw.choice(np.flatnonzero(value != pair.value))]
        instead, expected = (" ".join((form, *pair.after)) for form in pair.forms)
        found.append(Counterfactual(" ".join(pair.before), " ".join(source.before), expected, instead))
    return found
