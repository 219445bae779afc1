"""The cases: for each, a program that says of every word whether it is one."""

import re
from collections.abc import Mapping, Sequence

from jaxneuron.corpora.concepts import Concept

LAW = frozenset(
    "law laws legal legally legislation legislative court courts judge judges jury lawyer lawyers attorney rights "
    "illegal justice lawsuit trial constitution constitutional".split()
)
MODAL = frozenset("should would could must may might can cannot shall not n't".split())
VERBS = frozenset("is was are were be has have had said says made makes went came took saw".split())
"""Where a text has no parts of speech, verbs that are nothing else."""

OPENING, CLOSING = frozenset("( [ { -LRB-".split()), frozenset(") ] } -RRB-".split())
QUOTES = frozenset(('"', "''", "``", "“", "”"))
NEAR = 3
"""Words from the end of a sentence that are near it."""

ENDS = ("beginning", "end")
"""The cases of places, of which `finding` shows the unit's mean along the sentence, too."""


def programs(lists: Mapping[str, frozenset[str]]) -> dict[str, Concept]:
    """Return the program of each case, by its name.

    Args:
        lists: word lists of one's own; each is a case, and one called as a case here takes its place.
    """
    return {
        "comma": frozenset({","}),
        "full stop": frozenset({"."}),
        "article": _any_case("a an the"),
        "conjunction": _any_case("and or but nor"),
        "number": re.compile(r".*\d"),
        "verb": VERBS,
        "quotation mark": QUOTES,
        "inside quotation marks": within_quotes,
        "parenthesis": OPENING | CLOSING,
        "inside parentheses": within_parentheses,
        "law": LAW,
        "should, would, not": MODAL,
        "beginning": lambda words, place: place < NEAR,
        "end": lambda words, place: place >= len(words) - NEAR,
        **lists,
    }


def within_quotes(words: Sequence[str], place: int) -> bool:
    """Tell whether a word stands between quotation marks; the marks do not.

    Example:
        >>> words = 'she said " no " today'.split()
        >>> [word for place, word in enumerate(words) if within_quotes(words, place)]
        ['no']
    """
    before = sum(word in QUOTES for word in words[:place])
    return words[place] not in QUOTES and before % 2 == 1 and any(word in QUOTES for word in words[place:])


def within_parentheses(words: Sequence[str], place: int) -> bool:
    """Tell whether a word stands between parentheses; they themselves do not.

    Example:
        >>> words = "he ( my ( old ) friend ) left".split()
        >>> [word for place, word in enumerate(words) if within_parentheses(words, place)]
        ['my', 'old', 'friend']
    """
    depth = sum((word in OPENING) - (word in CLOSING) for word in words[:place])
    return words[place] not in OPENING | CLOSING and depth > 0


def _any_case(words: str) -> frozenset[str]:
    return frozenset(word for one in words.split() for word in (one, one.capitalize()))
