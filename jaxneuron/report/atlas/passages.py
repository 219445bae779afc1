"""Texts that an atlas keeps whole, and every unit's value at each of their words.

A value takes two bytes: a whole number from 0 to 65,535 between the smallest and the largest value of its unit in
these texts, so it is exact to 1 / 131,070 of that range.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron import table
from jaxneuron.report.atlas import packed
from jaxneuron.report.atlas.plain import plain

STEPS = 65_535
"""The largest code."""

BLOCK = 1 << 19
"""Values of a file."""

LEVELS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
"""Shares of the words below which a threshold of the page may lie."""


class Passages(NamedTuple):
    """Some texts of the corpus, and what units are at each of their words."""

    tokens: Sequence[Sequence[str]]  # [text] its words
    values: Mapping[str, table.Table] = {}  # site -> [token, unit], the texts one after the other; every unit of a site
    numbers: Sequence[int] = ()  # [text] its number in the corpus, by which examples name it; by default from 0


class Kept(NamedTuple):
    """What the pages must know about the values of a site."""

    folder: str
    units: int
    files: list[list[int]]  # [file] its first text, and the first behind it


class Scale(NamedTuple):
    """What makes values of the codes of a site, and thresholds."""

    low: Float[np.ndarray, "unit"]  # the value of code 0
    step: Float[np.ndarray, "unit"]  # from a code to the next
    mean: Float[np.ndarray, "unit"]
    levels: Float[np.ndarray, "level"]
    quantiles: Float[np.ndarray, "unit level"]  # the values below which these shares of the words lie


class _Part(NamedTuple):
    mean: Float[np.ndarray, "unit"]
    quantiles: Float[np.ndarray, "unit level"]


def write(out: Path, passages: Passages, folder: Callable[[str], str]) -> dict[str, Kept]:
    """Write texts and values beside the pages.

    Args:
        out: the folder of the atlas.
        passages: what to keep. Values are read in blocks, and may be larger than memory.
        folder: site -> the name of its folder.

    Returns:
        Site -> what was kept.

    Raises:
        ValueError: values that are not one for each word; a value that is not finite; numbers that are not one a text.
        OSError: see `files.beside`.
    """
    lengths = [len(text) for text in passages.tokens]
    texts = {"numbers": numbers(passages), "tokens": [list(text) for text in passages.tokens]}
    packed.put(out, "texts/texts", packed.dumped(texts))
    return {site: _site(out, folder(site), site, values, lengths) for site, values in passages.values.items()}


def numbers(passages: Passages) -> list[int]:
    """Return the number of each text in the corpus.

    Raises:
        ValueError: numbers that are not one a text, or one twice.
    """
    count = len(passages.tokens)
    given = [int(number) for number in passages.numbers] or list(range(count))
    if len(set(given)) != count or len(given) != count:
        raise ValueError(f"got {len(set(given))} numbers of {count} texts; give each its own, or none")
    return given


def _site(out: Path, folder: str, site: str, values: table.Table, lengths: list[int]) -> Kept:
    if values.shape[0] != sum(lengths) or not sum(lengths):
        raise ValueError(
            f"the texts have {sum(lengths):,} words, but the values of {site} have {values.shape[0]:,} rows; give the "
            "values of these texts alone, one row for each word"
        )
    checked = table.Checked(values)
    parts = list(_spread(checked))
    mean = np.concatenate([part.mean for part in parts])
    quantiles = np.concatenate([part.quantiles for part in parts])
    low, high = quantiles[:, 0], quantiles[:, -1]
    step = np.where(high > low, (high - low) / STEPS, 1)
    scale = Scale(low, step, mean, np.asarray(LEVELS), quantiles)
    packed.put(out, f"texts/{folder}/scale", packed.dumped(plain(scale)))
    ends = np.cumsum([0, *lengths])
    files = list(_parts(lengths, max(1, BLOCK // checked.shape[1])))
    for number, (first, last) in enumerate(files):
        part = checked[ends[first] : ends[last]].astype(np.float64)
        codes = np.rint((part - low) / step).clip(0, STEPS).astype("<u2")
        packed.put(out, f"texts/{folder}/{number}", codes.tobytes())
    return Kept(folder, checked.shape[1], [list(file) for file in files])


def _spread(values: table.Checked) -> Iterator[_Part]:
    """Yield how the values of some units at a time are spread."""
    tokens, units = values.shape
    for here in table.spans(units, max(1, BLOCK // tokens)):
        part = values[:, here].astype(np.float64)
        yield _Part(part.mean(axis=0), np.quantile(part, LEVELS, axis=0).T)


def _parts(lengths: list[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts of at most so many words, or of one text that is longer."""
    first, words = 0, 0
    for text, length in enumerate(lengths):
        if text > first and words + length > most:
            yield first, text
            first, words = text, 0
        words += length
    if first < len(lengths):
        yield first, len(lengths)
