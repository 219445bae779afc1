"""Which words stand between quotation marks or parentheses? One rule, for labels and for descriptions.

A word is inside where a mark before it opens and one after it closes; a mark that nothing answers encloses nothing, and
marks themselves are not inside. A quotation mark that looks the same on both sides closes what is open, or else opens.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Marks(NamedTuple):
    """What opens, and what closes."""

    opening: frozenset[str]
    closing: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Return both."""
        return self.opening | self.closing


_EITHER = frozenset(('"', "“", "”"))
QUOTES = Marks(frozenset(("``", "„", "«")) | _EITHER, frozenset(("''", "»")) | _EITHER)
PARENTHESES = Marks(frozenset("( [ { -LRB-".split()), frozenset(") ] } -RRB-".split()))


def enclosed(words: Sequence[str], marks: Marks) -> list[bool]:
    """Return which words of a sentence stand between marks.

    Example:
        >>> words = 'she " no ( never " again'.split()
        >>> [word for word, inside in zip(words, enclosed(words, QUOTES)) if inside]
        ['no', '(', 'never']
        >>> enclosed(words, PARENTHESES).count(True)
        0
        >>> words = "he ( my ( old ) friend ) left".split()
        >>> [word for word, inside in zip(words, enclosed(words, PARENTHESES)) if inside]
        ['my', 'old', 'friend']
    """
    inside, waiting = [False] * len(words), list[int]()
    for place, word in enumerate(words):
        if word in marks.closing and waiting:
            first = waiting.pop() + 1
            inside[first:place] = [one not in marks.all for one in words[first:place]]
        elif word in marks.opening:
            waiting.append(place)
    return inside
