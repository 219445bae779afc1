"""Which words do tags put together? Spans of named entities or chunks, in any of the usual schemes.

A tag is "O" or a letter, a hyphen and a type (`B-PER`), or the letter alone where all spans are of one type:

- IO, IOB1, IOB2, IOE: I is inside a span, B begins one and E ends one, always or where two spans touch
- BIOES (IOBES): S is a span of one word
- BILOU: L ends a span, U is a span of one word
- BMES, BMEWO: M is inside; S or W is a span of one word

A tag inside a span of another type than the one before it begins a span, so that tags of every scheme, and tags that a
model got wrong, are read alike.

Source: Tjong Kim Sang and Veenstra 1999, Representing Text Chunks (arXiv cs/9907006); Ratinov and Roth 2009, Design
Challenges and Misconceptions in Named Entity Recognition (BILOU).
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jaxneuron.corpora.labelled import ABSENT

OUTSIDE = ("O", ABSENT)

SCHEMES = {"IOB": "IBE", "BIOES": "BIES", "BILOU": "BILU", "BMES": "BMES", "BMEWO": "BMEW"}
"""The letters of each scheme, beside the O of what is outside; IO, IOB1, IOB2 and IOE are all IOB here."""

_BEGINS, _ENDS = "BSUW", "ELSUW"
_TAG = re.compile(r"([A-Z])(?:-(.+))?")


class Span(NamedTuple):
    """A stretch of words."""

    first: int
    last: int  # of its words, itself included
    name: str  # its type, "" where tags have none


def scheme(tags: Iterable[str]) -> str | None:
    """Return the first of `SCHEMES` that has all letters of the tags, or None: these are no tags of spans.

    Example:
        >>> scheme(["O", "B-PER", "I-PER"]), scheme(["B-PER", "E-PER", "S-ORG"]), scheme(["O", "PER-B"])
        ('IOB', 'BIOES', None)
    """
    found = [_TAG.fullmatch(tag) for tag in set(tags) - set(OUTSIDE)]
    letters = {tag[1] for tag in found if tag}
    if not letters or None in found:
        return None
    return next((name for name, known in SCHEMES.items() if letters <= set(known)), None)


def spans(tags: Sequence[str]) -> list[Span]:
    """Return the spans of a sentence, in their order.

    Args:
        tags: one for each word, of one of `SCHEMES`.

    Raises:
        ValueError: a tag of no scheme.

    Example:
        >>> spans(["B-PER", "E-PER", "O", "S-ORG"])
        [Span(first=0, last=1, name='PER'), Span(first=3, last=3, name='ORG')]
        >>> spans(["I-PER", "I-PER", "I-ORG", "B-ORG"])
        [Span(first=0, last=1, name='PER'), Span(first=2, last=2, name='ORG'), Span(first=3, last=3, name='ORG')]
    """
    found: list[Span] = []
    open_ = False  # whether the last span can go on
    for word, tag in enumerate(tags):
        if tag in OUTSIDE:
            open_ = False
            continue
        parts = _TAG.fullmatch(tag)
        if not parts or parts[1] not in "".join(SCHEMES.values()):
            raise ValueError(f"the tag {tag!r} is of no scheme known; expected O, or one such as B-PER")
        letter, name = parts[1], parts[2] or ""
        if open_ and letter not in _BEGINS and found[-1].name == name:
            found[-1] = found[-1]._replace(last=word)
        else:
            found.append(Span(word, word, name))
        open_ = letter not in _ENDS
    return found
