"""Pairs of texts that differ in one variable, and what comes next in each case: what interchanges are tried on.

A file has a JSON object with `base`, `source`, `expected` and `instead` on each line, perhaps packed by gzip: once the
activations of `source` stand in for those of `base`, `expected` must come next and not `instead`. Of minimal pairs
about a verb's number, such as BLiMP's, a row is the text before the verb, both forms of it, and as the source the text
before another verb, of the other number.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

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


DRAWS = 64
"""Ways to put words on two sides, of which that is taken which leaves the most rows."""


def halves(
    rows: Sequence[Sequence[str]], share: float, *, seed: int = 0
) -> tuple[Bool[np.ndarray, "row"], Bool[np.ndarray, "row"]]:
    """Return which rows are on the one and which on the other side, if every word is on one side only.

    Words with the same first three letters are one, so that "cat" and "cats" are on one side; those that more than half
    of the rows have are on none. Rows with words of both sides are left out.

    Args:
        rows: the words of each that must not be on both sides.
        share: of the rows that are kept, about so many are on the other side.
        seed: of the draw.

    Raises:
        ValueError: every way leaves one of the sides empty.

    Example:
        >>> one, other = halves([("cat", "dogs"), ("cats", "dog"), ("boy", "king"), ("kings", "boys")], 0.5)
        >>> (one.astype(int) + 2 * other.astype(int)).tolist() in ([1, 1, 2, 2], [2, 2, 1, 1])
        True
    """
    keys = [{word.lower()[:3] for word in words} for words in rows]
    common = Counter(key for row in keys for key in row)
    words = sorted(key for key, count in common.items() if count <= len(rows) / 2)
    number = {key: place for place, key in enumerate(words)}
    has = np.zeros((len(rows), len(words)), bool)
    for place, row in enumerate(keys):
        has[place, [number[key] for key in row if key in number]] = True
    counts, draw = has.sum(axis=1), np.random.default_rng(seed)
    # rows have some three words: of a row all are on a side with the third power of what one word is
    odds = (share / (1 - share)) ** (1 / max(np.median(counts), 1))
    best, most = None, 0.0
    for _ in range(DRAWS):
        hits = (has & (draw.random(len(words)) < odds / (1 + odds))).sum(axis=1)
        sides = (hits == 0) & (counts > 0), (hits == counts) & (counts > 0)
        if (least := min(sides[0].sum() / (1 - share), sides[1].sum() / share)) > most:
            best, most = sides, least
    if best is None:
        raise ValueError(
            f"in {len(rows)} pairs the words are so mixed that none can be held out; give more pairs, or pairs of more "
            "words"
        )
    return best
