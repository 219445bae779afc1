"""Which words does the unit's best input share? Foretell a word by what it and those before it share with exemplars.

Words are compared by themselves, by the one before and by the one before that, with less and less weight; a shared word
counts the more, the rarer it is (its inverse document frequency).

Cost:
    No pass of the model: the activations are read twice; sparse products of words shared.

Fails:
    Foretells by words in common, so that a unit of a meaning or of syntax is missed where no word recurs. Searched
    inputs that are no text share little with text.

Peers:
    Exemplars as Neuronpedia shows them, without a prediction.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from jaxneuron import batching
from jaxneuron.corpora import labelled
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _exemplars, _forms, _likeness, _words
from jaxneuron.describe._exemplars import Exemplars
from jaxneuron.describe._nouns import Described
from jaxneuron.describe._words import Words
from jaxneuron.table import Table

WEIGHTS = (1.0, 0.5, 0.25)
"""Of a shared word, of a shared word before it, and of one before that."""


class BestInput(NamedTuple):
    """Words that a search found to drive a unit, and the place of the one at which it is farthest out."""

    words: Sequence[str]
    place: int = -1  # from the end where below 0


def describe(
    activations: Table,
    text: Labelled,
    *,
    inputs: Sequence[Sequence[BestInput]] | None = None,
    exemplars: int = 20,
    budget: int = batching.BUDGET,
) -> Described:
    """Describe units by their best inputs.

    Args:
        activations: of the words of the text.
        text: sentences; labels are not used.
        inputs: of each unit, what a search found to drive it farthest out on the side of its longer tail, the best
            first. By default those words of the text at which it is farthest out on either side.
        exemplars: words of the text, of each side, that count as best inputs; without `inputs`.
        budget: bytes for the units that are read at a time.

    Returns:
        Such as `"high as in “please close the [door]”"`.

    Raises:
        TypeError, ValueError: activations of other words than the text's, or not finite; inputs of other units, or
            empty; no exemplar.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> text = build([["a", "dog", "barks"], ["a", "dog"], ["b", "a"], ["a", "b", "a"]])
        >>> found = describe(np.array([[0.0, 9, 0, 0, 8, 0, 0, 0, 0, 0]]).T, text, exemplars=1)
        >>> found.text, found.predict(build([["b", "dog", "a"]]))[:, 0].argmax().item()
        (('high as in “a [dog] barks”',), 1)
    """
    words = _words.beside(activations, text)
    forms = _forms.read(words)
    found = _exemplars.find(activations, words, exemplars, budget=budget)
    if inputs is not None:
        found = _given(inputs, found)
    rare = np.log(len(words.word) / forms.count)

    def features(given: Words) -> Any:
        number, parts = _forms.folded(forms, given), []
        for offset, weight in enumerate(WEIGHTS):
            here = _forms.beside(number, given, -offset, -1)
            known = np.flatnonzero(here >= 0)
            value = np.sqrt(weight * np.maximum(rare[here[known]], 0.1))
            parts.append(sparse.csr_matrix((value, (known, here[known])), shape=(len(number), len(rare))))
        return sparse.hstack(parts, format="csr")

    return _likeness.described("inputs", "as in", activations, words, found, features, budget=budget)


def _given(inputs: Sequence[Sequence[BestInput]], found: Exemplars) -> Exemplars:
    """Return the inputs that were found elsewhere as exemplars of the described side.

    Raises:
        ValueError: inputs of another number of units, none at all, an empty one, or a place outside of its words.
    """
    units, flat = len(found.side), [one for some in inputs for one in some]
    if len(inputs) != units or not flat:
        raise ValueError(f"expected inputs of the {units} units, got {len(flat)} of {len(inputs)}")
    for one in flat:
        if not -len(one.words) <= one.place < len(one.words):
            raise ValueError(f"expected a place among the {len(one.words)} words {list(one.words)}, got {one.place}")
    words = _words.of(labelled.build([list(one.words) for one in flat]))
    places = words.start + [one.place % len(one.words) for one in flat]
    token = np.full((units, max(map(len, inputs))), -1)
    unit = np.repeat(np.arange(units), [len(some) for some in inputs])
    token[unit, [rank for some in inputs for rank in range(len(some))]] = places
    return found._replace(words=words, token=token, weight=(token >= 0) * found.side[:, None].astype(float))
