"""Which words is the unit far out at? Look up what it does at each, on average.

A word of the text that was not met, or once only, foretells the mean of its lower case, or of all words: see `_lookup`.

Cost:
    No pass of the model: the activations are read once.

Fails:
    A unit that needs context is told by its words on average, which may be no more than what they are. Words that the
    text did not have foretell the mean.

Peers:
    The token lists of TransformerLens and Neuronpedia, which are not scored.
"""

import numpy as np
from jaxtyping import Int

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _forms, _lookup, _said, _words
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Table


def describe(activations: Table, text: Labelled, *, budget: int = batching.BUDGET) -> Described:
    """Describe units by the words at which they are highest or lowest.

    Args:
        activations: of the words of the text.
        text: sentences; labels are not used.
        budget: bytes for the means of all words and units; the most frequent words are kept. And as many for the units
            that are read at a time.

    Returns:
        Such as `"high at “wall”, “door”"`. It foretells the mean of each word, drawn towards that of all words.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["a", ",", "b", ","], ["b", "a", "b", "a"]] * 2)
        >>> found = describe(np.array([[0.0, 4, 0, 4, 0, 0, 0, 0] * 2]).T, text)
        >>> found.text, found.predict(build([["c", ","]]))[:, 0].tolist()
        (('high at “,”',), [1.0, 4.0])
    """
    words = _words.beside(activations, text)
    forms = _forms.read(words)

    def codes(other: Labelled) -> list[Int[np.ndarray, "token"]]:
        given = _words.of(other)
        return [_forms.folded(forms, given), _forms.exactly(forms, given)]

    [means] = _lookup.fit(activations, [codes(text)], budget=budget)
    exact = means.groups.first[1]

    def name(group: int) -> str:
        word = words.word[means.groups.token[group]]
        return _said.quoted([word if group >= exact else forms.usual[word.lower()]])

    return _said.described("token", means, codes, name, "no word in particular")
