"""Take the method that foretells each unit best, on text that had no say in the descriptions."""

from collections.abc import Sequence

import numpy as np

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _correlated, _words
from jaxneuron.describe._lazy import picked
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Checked, Table, spans


def best(
    described: Sequence[Described], activations: Table, text: Labelled, *, budget: int = batching.BUDGET
) -> Described:
    """Return for each unit the description whose predictions correlate most with what the unit does.

    Args:
        described: of the same units, by several methods; of equally good ones, the first is taken.
        activations: of the words of this text.
        text: neither that of the descriptions nor that on which the best one is to be scored.
        budget: bytes for the units that are compared at a time.

    Raises:
        TypeError, ValueError: no description; activations of other units or words than described, or not finite.

    Example:
        >>> from jaxneuron.corpora.labelled import build
        >>> from jaxneuron.describe import token
        >>> text = build([["a", "b"], ["b", "a"]])
        >>> best([token.describe(np.eye(4)[:, :1], text)], np.eye(4)[:, :1], text).source
        ('token',)
    """
    if not described:
        raise ValueError("expected at least one description to choose from, got none")
    words = _words.beside(activations, text)
    units = activations.shape[1]
    if wrong := {len(one.text) for one in described} - {units}:
        raise ValueError(f"expected descriptions of the {units} units, got of {min(wrong)}")
    tables, true = [one.predict(text) for one in described], Checked(activations, exact=True)
    method = np.zeros(units, np.int64)
    for here in spans(units, batching.chunk_size(8 * 8 * len(words.word), units, budget)):
        value = _correlated.standard(np.ascontiguousarray(true[:, here].T))
        found = [(value * _correlated.standard(np.asarray(table[:, here]).T)).mean(axis=1) for table in tables]
        method[here] = np.argmax(np.round(found, 9), axis=0)
    return Described(
        tuple(described[which].text[unit] for unit, which in enumerate(method.tolist())),
        np.array([described[which].side[unit] for unit, which in enumerate(method.tolist())]),
        tuple(described[which].source[unit] for unit, which in enumerate(method.tolist())),
        lambda other: picked([one.predict(other) for one in described], method),
    )
