"""Pieces of words as a person reads them: put together to words, each with its place in its word."""

from collections.abc import Sequence
from typing import Any

from jaxneuron.report.coloured import before as before

_STARTS = ("▁", "Ġ")
"""By which a tokenizer writes that a word begins."""


def whole(word: Any, pieces: Sequence[str], place: int) -> str:
    """Return the word of a piece, in which brackets tell where it stands; a piece that is a word is itself.

    Example:
        >>> whole([-1, 0, 1, 1, -1], ["[CLS]", "a", "wa", "ve", "[SEP]"], 3), whole([0, 1], ["a", "wave"], 1)
        ('wa[ve]', 'wave')
    """
    own = [other for other in range(len(pieces)) if word[other] == word[place] >= 0 or other == place]
    if len(own) == 1:
        return pieces[place]
    return "".join(f"[{pieces[other]}]" if other == place else pieces[other] for other in own).strip()


def around(word: Any, pieces: Sequence[str], place: int, words: int) -> str:
    """Return a piece in brackets, in its word and so many on each side.

    Example:
        >>> around([-1, 0, 1, 1, 2, -1], ["[CLS]", "a", "wa", "ve", "of", "[SEP]"], 2, 1)
        'a [wa]ve of'
    """
    space = before(word, pieces)
    starts = [other for other in range(len(pieces)) if not other or space[other]]
    own = max(number for number, start in enumerate(starts) if start <= place)
    first = starts[max(own - words, 0)]
    last = starts[own + words + 1] if own + words + 1 < len(starts) else len(pieces)
    shown = (space[other] + (f"[{pieces[other]}]" if other == place else pieces[other]) for other in range(first, last))
    return "".join(shown).strip()


def output(names: Sequence[str], number: int) -> str:
    """Return the name of an output as a person reads it; `…` stands where a word is gone on with.

    Args:
        names: of all outputs: words, labels, or pieces as tokenizers write them.
        number: which one.

    Example:
        >>> [output(["▁a", "a", ".", "▁"], number) for number in range(4)], output(["##s"], 0)
        (['a', '…a', '.', ' '], '…s')
    """
    name = names[number] if number < len(names) else f"output {number}"
    if name.startswith("##"):
        return f"…{name[2:]}"
    if name[:1] in _STARTS:
        return name[1:] or " "
    return f"…{name}" if name[:1].isalnum() and any(other[:1] in _STARTS for other in names if other) else name
