"""What do the unit's exemplars mean? Foretell a word by how near its embedding is to theirs.

Any model of text may embed, such as a sentence encoder: a word is compared by itself, and within the words around it.

Cost:
    No pass of the model: the activations are read twice. `embed` is called with each word and each window of words
    once.

Fails:
    As good as the encoder: units of punctuation or of places have no meaning that is like anything. Costs a call of the
    encoder for a text's every window.

Peers:
    None that we know of; SAE auto-interpretation embeds descriptions, not exemplars.
"""

from collections.abc import Callable, Sequence
from typing import Any

from jaxtyping import Float

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _embedded, _exemplars, _likeness, _words
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Table


def describe(
    activations: Table,
    text: Labelled,
    *,
    embed: Callable[[Sequence[str]], Float[Any, "text dimension"]],
    exemplars: int = 20,
    budget: int = batching.BUDGET,
) -> Described:
    """Describe units by words, in context, whose meaning is like that of the words at which they are far out.

    Args:
        activations: of the words of the text.
        text: sentences; labels are not used.
        embed: returns a vector for each of some short texts. It is called once for a text, with each word and each
            window of words once.
        exemplars: words of the text, of each side, that count.
        budget: bytes for the units that are read at a time.

    Returns:
        Such as `"high at the like of “please close the [door]”"`.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; vectors of another number, or
            not finite; no exemplar.

    Example:
        >>> import numpy as np
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["a", "dog", "b"], ["b", "a", "hound"], ["b", "b"]])
        >>> animal = lambda texts: np.array([[len(one), "dog" in one or "hound" in one] for one in texts], float)
        >>> describe(np.array([[0.0, 9, 0, 0, 0, 8, 0, 0]]).T, text, embed=animal, exemplars=1).text
        ('high at the like of “a [dog] b”',)
    """
    words = _words.beside(activations, text)
    found = _exemplars.find(activations, words, exemplars, budget=budget)
    features = _embedded.features(embed, words)
    return _likeness.described("embedding", "at the like of", activations, words, found, features, budget=budget)
