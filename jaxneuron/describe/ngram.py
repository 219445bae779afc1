"""Which words, after which others, is the unit far out at? Look up what it does there, on average.

A word with the two before it foretells their mean, or if these three were not met together, that of the last two, or
of the word: see `_lookup`. Case does not count.

Cost:
    No pass of the model: the activations are read once; memory for the means of the contexts that fit the budget.

Fails:
    Contexts that were met once foretell no more than their word. Needs much text: of ten thousand words few trigrams
    recur.

Peers:
    NeuronToGraph and n-gram lists of top activations, for a few units; here all units at once, scored.
"""

import numpy as np
from jaxtyping import Int

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _forms, _lookup, _said, _words
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Table


def describe(activations: Table, text: Labelled, *, before: int = 2, budget: int = batching.BUDGET) -> Described:
    """Describe units by the words, in their context, at which they are highest or lowest.

    Args:
        activations: of the words of the text.
        text: sentences; labels are not used.
        before: words before each that count as its context, 1 or 2.
        budget: bytes for the means of all contexts and units; the most frequent are kept. And as many for the units
            that are read at a time.

    Returns:
        Such as `"high at “of [course]”, “in [the]”"`, the word in brackets.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; a context of no length.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["of", "it", "of", "it"], ["by", "it", "by", "it"]] * 2)
        >>> describe(np.array([[0.0, 9, 0, 9, 0, 0, 0, 0] * 2]).T, text).text
        ('high at “of [it]”',)
    """
    if before not in (1, 2):
        raise ValueError(f"expected a context of 1 or 2 words, got before={before}")
    words = _words.beside(activations, text)
    forms = _forms.read(words)
    begin, base = len(forms.folded), len(forms.folded) + 1  # the number of the place before the first word

    def codes(other: Labelled) -> list[Int[np.ndarray, "token"]]:
        given = _words.of(other)
        number = _forms.folded(forms, given)
        found = [number]
        for offset in range(1, before + 1):
            previous = _forms.beside(number, given, -offset, begin)
            known = (found[-1] >= 0) & (previous >= 0)
            found.append(np.where(known, found[-1] + previous * base**offset, -1))
        return found

    [means] = _lookup.fit(activations, [codes(text)], budget=budget)

    def name(group: int) -> str:
        token = int(means.groups.token[group])
        context = sum(group >= first for first in means.groups.first) - 1
        first = max(context - int(words.place[token]), 0)  # places of the context before the sentence begins
        shown = [forms.usual[word.lower()] for word in words.word[token - context + first : token + 1]]
        return _said.quoted(shown, len(shown) - 1) + (" at the start" if first else "")

    return _said.described("ngram", means, codes, name, "no words in particular")
