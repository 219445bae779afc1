"""The cases: for each, a program that says of every word whether it is one."""

import re
from collections.abc import Mapping

from jaxneuron.corpora.concepts import Concept
from jaxneuron.corpora.enclosed import PARENTHESES, QUOTES, Marks, enclosed

LAW = frozenset(
    "law laws legal legally legislation legislative court courts judge judges jury lawyer lawyers attorney rights "
    "illegal justice lawsuit trial constitution constitutional".split()
)
MODAL = frozenset("should would could must may might can cannot shall not n't".split())
VERBS = frozenset("is was are were be has have had said says made makes went came took saw".split())
"""Where a text has no parts of speech, verbs that are nothing else."""

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
        "quotation mark": QUOTES.all,
        "inside quotation marks": _within(QUOTES),
        "parenthesis": PARENTHESES.all,
        "inside parentheses": _within(PARENTHESES),
        "law": LAW,
        "should, would, not": MODAL,
        "beginning": lambda words, place: place < NEAR,
        "end": lambda words, place: place >= len(words) - NEAR,
        **lists,
    }


def _within(marks: Marks) -> Concept:
    return lambda words, place: enclosed(words, marks)[place]


def _any_case(words: str) -> frozenset[str]:
    return frozenset(word for one in words.split() for word in (one, one.capitalize()))
