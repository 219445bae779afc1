"""What is in a text that a model wrote? Shares of classes of symbols, and structures that open and close.

Sellam et al. 2018 hold units at a value while a model writes, and look for more of what the units stand for: digits,
parentheses, comments. Counting needs no model, so these functions take strings, or anything that is a sequence.

Cost:
    None: strings are read.

Fails:
    A short text has few of anything: write more, or count over many texts.

Peers:
    The authors count by hand in figures; none that we know of.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from jaxneuron.types import Tokens


class Matched(NamedTuple):
    """Pairs of one kind of parentheses in a text."""

    pairs: int  # that open and close
    unopened: int  # closing ones with nothing to close
    unclosed: int  # opening ones that stay open
    depth: int  # of the deepest pair, 0 without any


def matched(text: Sequence[str], opening: str = "(", closing: str = ")") -> Matched:
    """Count the pairs of parentheses in a text.

    Args:
        text: its symbols; a string is one of characters.
        opening: the symbol that opens.
        closing: the one that closes.

    Raises:
        ValueError: the two are the same symbol.

    Example:
        >>> matched("())(()")
        Matched(pairs=2, unopened=1, unclosed=1, depth=1)
    """
    if opening == closing:
        raise ValueError(f"the same symbol {opening!r} can't open and close; count it with `occurrences`")
    pairs, unopened, depth = 0, 0, 0
    still: list[int] = []  # of each open one, how many pairs deep is what it holds
    for symbol in text:
        if symbol == opening:
            still.append(0)
        elif symbol == closing and not still:
            unopened += 1
        elif symbol == closing:
            pairs, inner = pairs + 1, still.pop() + 1
            depth = max(depth, inner)
            if still:
                still[-1] = max(still[-1], inner)
    return Matched(pairs, unopened, len(still), depth)


def occurrences(texts: Sequence[str], pattern: str) -> list[int]:
    r"""Count in each text the places, apart from one another, that a regular expression matches.

    Returns:
        How many in each text.

    Raises:
        ValueError: no regular expression.

    Example:
        >>> occurrences(["/* a */ b /* c */", "d"], r"/\*.*?\*/")
        [2, 0]
    """
    try:
        found = re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression ({error})") from error
    return [sum(1 for _ in found.finditer(text)) for text in texts]


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without the punctuation around them.

    Example:
        >>> words_of("It's a Dog, dogs")
        ["it's", 'a', 'dog', 'dogs']
    """
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())


def shares(
    tokens: Tokens, classes: Bool[Any, "label vocab"], where: Bool[Any, "*text time"] | None = None
) -> Float[np.ndarray, "*set label"]:
    """Return the share of each class among the symbols of several texts.

    Args:
        tokens: `[*set text time]`.
        classes: which symbols are of which class; classes may overlap.
        where: the symbols that count, such as those that were sampled; by default all that are no padding.

    Returns:
        From 0 to 1; nan without a symbol.

    Example:
        >>> text = Tokens(np.array([[0, 1, 1, 2]]), np.array([[True, True, True, False]]))
        >>> shares(text, np.array([[True, False, False]])).tolist()
        [0.3333333333333333]
    """
    ids, mask = np.asarray(tokens.ids), np.asarray(tokens.mask if where is None else where)
    counted = (np.asarray(classes)[:, ids] & mask).sum(axis=(-2, -1), dtype=np.float64)
    total = np.broadcast_to(mask.sum(axis=(-2, -1)), counted.shape[1:])
    share = np.divide(counted, total, out=np.full(counted.shape, np.nan), where=total > 0)
    return np.moveaxis(share, 0, -1)
