"""Which places of a sentence is the unit far out at? Look up what it does there, on average.

Cost:
    No pass of the model: the activations are read once.

Fails:
    What depends on place and word both is foretold by neither. Places are of sentences: where texts are windows of a
    longer one, they mean little.

Peers:
    The position-wise means of Voita et al. 2023 (positional neurons), for each unit by hand.
"""

import numpy as np
from jaxtyping import Int

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _lookup, _said, _words
from jaxneuron.describe._nouns import Described
from jaxneuron.describe._words import Words
from jaxneuron.table import Table

ENDS = 3
"""Places from either end that have a mean of their own; those between are taken together by `BOUNDS`."""

BOUNDS = (5, 7, 10, 15, 20, 30, 40, 60, 100, 200, 500)
"""Where longer and longer ranges of places begin, counted from 0."""

ORDINALS = ("first", "second", "third")


def describe(activations: Table, text: Labelled, *, budget: int = batching.BUDGET) -> Described:
    """Describe units by the places in the sentence at which they are highest or lowest.

    Args:
        activations: of the words of the text.
        text: sentences; neither words nor labels are used.
        budget: bytes for the units that are read at a time.

    Returns:
        Such as `"high at the first word"`.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> describe(np.array([[9.0, 0, 0, 0] * 3]).T, build([["a", "b", "a", "b"]] * 3)).text
        ('high at the first word',)
    """
    words = _words.beside(activations, text)
    [means] = _lookup.fit(activations, [_codes(words)], budget=budget)

    def name(group: int) -> str:
        token = int(means.groups.token[group])
        level = sum(group >= first for first in means.groups.first) - 1
        return _name(int(words.place[token]), int(words.length[words.text[token]]), level)

    nothing = "no place in particular"
    return _said.described("position", means, lambda other: _codes(_words.of(other)), name, nothing)


def _codes(words: Words) -> list[Int[np.ndarray, "token"]]:
    """Return the place from the start, then that from the end as well, then ranges of those between."""
    start = np.minimum(words.place, ENDS)
    both = start * (ENDS + 1) + np.minimum(words.length[words.text] - 1 - words.place, ENDS)
    middle = both == (ENDS + 1) ** 2 - 1
    return [start, both, np.where(middle, np.searchsorted(BOUNDS, words.place, side="right"), -1)]


def _name(place: int, length: int, level: int) -> str:
    """Return what the place is called."""
    if level == 2:
        bounds = (ENDS, *BOUNDS)
        at = int(np.searchsorted(bounds, place, side="right"))
        return f"words {bounds[at - 1] + 1} to {bounds[at]}" if at < len(bounds) else f"words from {bounds[-1] + 1} on"
    first = ORDINALS[place] if place < ENDS else None
    if level == 0:
        return f"the {first} word" if first else f"words from {ENDS + 1} on"
    last = ("last", "last but one", "last but two", None)[min(length - 1 - place, ENDS)]
    if first and last:
        return f"the {first} word of {length}"
    if first:
        return f"the {first} word of {place + ENDS + 1} or more"
    return f"the {last} word" if last else "the middle"
