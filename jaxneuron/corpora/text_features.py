"""Hypotheses from the text alone: symbols, regular expressions, positions, counts, and your own functions.

All read a string, or the text of a `Parsed`. For position, count and nesting, the current symbol counts.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Int

from jaxneuron.corpora.hypotheses import Hypothesis, Kind, text_of
from jaxneuron.corpora.parses import Parsed

ENDS = {"line": r"\n", "sentence": r"[.!?]+[\"')\]]*(?=\s|$)", "text": r"(?!)"}
"""What ends a line and a sentence; nothing ends a text."""


def symbols(wanted: str, *, name: str | None = None) -> Hypothesis:
    """Return the hypothesis that the symbol is one of some.

    Raises:
        ValueError: none are wanted.

    Example:
        >>> symbols("ab").label("abc")
        [True, True, False]
    """
    if not wanted:
        raise ValueError("expected at least one symbol, got none")
    members = frozenset(wanted)
    return Hypothesis(
        name or f"symbol {wanted!r}", lambda text: [symbol in members for symbol in text_of(text)], "binary"
    )


def pattern(
    expression: str | re.Pattern[str],
    *,
    group: int | str = 0,
    mark: Literal["range", "impulse"] = "range",
    name: str | None = None,
) -> Hypothesis:
    """Return the hypothesis that the symbol is in a match of a regular expression, or begins or ends one.

    Args:
        expression: as `re.finditer` takes it, over the whole text; matches do not overlap.
        group: what of the match is marked.
        mark: all of it, or its first and last symbol.
        name: of the hypothesis; by default the expression.

    Raises:
        ValueError: a malformed expression, another mark, or no such group.

    Example:
        >>> pattern("b+").label("abbb").astype(int).tolist(), pattern("b+", mark="impulse").label("abbb").tolist()
        ([0, 1, 1, 1], [False, True, False, True])
    """
    compiled = _compiled(expression)
    if mark not in ("range", "impulse"):
        raise ValueError(f"expected mark 'range' or 'impulse', got {mark!r}")
    if group not in (*range(compiled.groups + 1), *compiled.groupindex):
        raise ValueError(f"no group {group!r} in {compiled.pattern!r}, which has {compiled.groups}")

    def labels(text: str | Parsed) -> Bool[np.ndarray, "symbol"]:
        string = text_of(text)
        marked = np.zeros(len(string), bool)
        for match in compiled.finditer(string):
            start, stop = match.span(group)
            if start < stop:
                marked[slice(start, stop) if mark == "range" else [start, stop - 1]] = True
        return marked

    return Hypothesis(name or f"{mark} of {compiled.pattern}", labels)


def position(within: str | re.Pattern[str] = "line") -> Hypothesis:
    r"""Return how many symbols the line, the sentence or the text has up to the symbol, from 1.

    Args:
        within: `"line"`, `"sentence"`, `"text"`, or what ends such a part, as a compiled pattern.

    Raises:
        ValueError: another word.

    Example:
        >>> position("line").label("ab\nc").tolist()
        [1, 2, 3, 1]
    """
    ends, title = _ends(within)

    def labels(text: str | Parsed) -> Int[np.ndarray, "symbol"]:
        string = text_of(text)
        bounds = [0, *(match.end() for match in ends.finditer(string)), len(string)]
        return np.concatenate([np.arange(1, stop - start + 1) for start, stop in pairwise(bounds)])

    return Hypothesis(f"position in {title}", labels, "real")


def count(
    expression: str | re.Pattern[str], *, within: str | re.Pattern[str] = "text", name: str | None = None
) -> Hypothesis:
    """Return how many matches of a regular expression the line, sentence or text has up to the symbol.

    Args:
        expression: a match counts from its last symbol on.
        within: as in `position`.
        name: of the hypothesis.

    Raises:
        ValueError: a malformed expression, or another word for within.

    Example:
        >>> count("a").label("aba").tolist()
        [1, 1, 2]
    """
    compiled = _compiled(expression)
    ends, title = _ends(within)

    def labels(text: str | Parsed) -> Int[np.ndarray, "symbol"]:
        string = text_of(text)
        seen = np.zeros(len(string), np.int64)
        for match in compiled.finditer(string):
            if match.end() > match.start():
                seen[match.end() - 1] += 1
        bounds = [0, *(match.end() for match in ends.finditer(string)), len(string)]
        return np.concatenate([np.cumsum(seen[start:stop]) for start, stop in pairwise(bounds)])

    return Hypothesis(name or f"count of {compiled.pattern} in {title}", labels, "real")


def nesting(opening: str = "(", closing: str = ")") -> Hypothesis:
    """Return how many brackets are open at the symbol, where there is no tree; a bracket is in its own pair.

    A closing bracket without an opening one is passed over.

    Raises:
        ValueError: no opening or closing symbols, or one that is both.

    Example:
        >>> list(nesting().label("a(b)c"))
        [0, 1, 1, 1, 0]
    """
    if not opening or not closing or set(opening) & set(closing):
        raise ValueError(f"expected opening and closing symbols that differ, got {opening!r} and {closing!r}")

    def labels(text: str | Parsed) -> Iterator[int]:
        open_now = 0
        for symbol in text_of(text):
            open_now += symbol in opening
            yield open_now
            open_now -= symbol in closing and open_now > 0

    return Hypothesis(f"nesting of {opening}{closing}", labels, "real")


def each(name: str, function: Callable[[str, int], Any], kind: Kind = "binary") -> Hypothesis:
    """Return a hypothesis from a function of the text and a position in it; its failures are placed at the symbol.

    Args:
        name: of the hypothesis.
        function: `(text, position) -> label`; the text is the whole string.
        kind: of the labels.

    Example:
        >>> list(each("doubled", lambda text, i: text[i] == text[i - 1] and i > 0).label("abb"))
        [False, False, True]
    """

    def labels(text: str | Parsed) -> Iterator[Any]:
        string = text_of(text)
        for place in range(len(string)):
            yield function(string, place)

    return Hypothesis(name, labels, kind)


def _compiled(expression: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}") from error


def _ends(within: str | re.Pattern[str]) -> tuple[re.Pattern[str], str]:
    if isinstance(within, re.Pattern):
        return within, f"parts that end with {within.pattern}"
    if within not in ENDS:
        raise ValueError(f"expected within as one of {', '.join(ENDS)}, or a compiled pattern, got {within!r}")
    return re.compile(ENDS[within]), within
