"""Which labels does the unit go with? Look up what it does at each, and take the kind of label that tells most.

Cost:
    No pass of the model: the activations are read once.

Fails:
    Only as fine as the labels; a text without labels is an error. A label that goes with frequent words may be those
    words: compare with `token`.

Peers:
    The labels that NeuroX's probes rank by; here scored on held-out text like any description.
"""

import numpy as np
from jaxtyping import Int

from jaxneuron import batching
from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _labels_of, _lookup, _said, _words
from jaxneuron.describe._lazy import picked
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Table


def describe(activations: Table, text: Labelled, *, budget: int = batching.BUDGET) -> Described:
    """Describe units by the labels at which they are highest or lowest.

    Args:
        activations: of the words of the text.
        text: with labels of words or sentences; of each unit, the layer that explains most of its variance is taken.
        budget: bytes for the means of all labels and units, and as many for the units that are read at a time.

    Returns:
        Such as `"high at upos=NOUN, upos=PROPN"`. It foretells units of texts that have the same layers.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; a text without labels.
        KeyError: a layer is asked of a text that has none of that name.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> upos = [["DET", "NOUN", "VERB"]] * 4
        >>> text = build([["a", "dog", "barks"], ["the", "cat", "sleeps"]] * 2, labels={"upos": upos})
        >>> describe(np.array([[0.0, 5, 0] * 4]).T, text).text
        ('high at upos=NOUN',)
    """
    _words.beside(activations, text)
    layers = _labels_of.layers(text)
    if not layers:
        raise ValueError("the text has no labels; give `labelled.build(sentences, labels=...)`, or describe otherwise")
    given = {layer: labelled.of_words(text, layer) for layer in layers}
    numbers = {layer: {one: at for at, one in enumerate(dict.fromkeys(given[layer]))} for layer in layers}

    def codes(other: Labelled, layer: str) -> list[Int[np.ndarray, "token"]]:
        return [np.array([numbers[layer].get(one, -1) for one in labelled.of_words(other, layer)], np.int64)]

    found = _lookup.fit(activations, [codes(text, layer) for layer in layers], budget=budget)
    chosen = np.argmax([means.explained for means in found], axis=0)
    said = []
    for layer, means in zip(layers, found, strict=True):
        labels = [given[layer][token] for token in means.groups.token.tolist()]
        names = [_labels_of.named(layer, one) for one in labels]
        said.append(_said.lines(means, names.__getitem__, "no label in particular"))
    return Described(
        tuple(said[which][unit] for unit, which in enumerate(chosen.tolist())),
        found[0].side,
        ("label",) * len(chosen),
        lambda other: picked(
            [_lookup.predicted(means, codes(other, layer)) for layer, means in zip(layers, found, strict=True)], chosen
        ),
    )
