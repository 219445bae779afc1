"""Take the method that foretells each unit best, on text that had no say in the descriptions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _correlated, _words
from jaxneuron.describe._lazy import Columns, Lazy
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
        lambda other: _picked([one.predict(other) for one in described], method),
    )


def _picked(tables: list[Table], method: Int[np.ndarray, "unit"]) -> Lazy:
    """Return a table that has each unit from the table of its method."""

    def read(unit: Columns) -> np.ndarray:
        asked = np.atleast_1d(np.arange(len(method))[unit])
        found = np.empty((tables[0].shape[0], len(asked)), np.float32)
        for number, table in enumerate(tables):
            if (mine := method[asked] == number).any():
                found[:, mine] = table[:, asked[mine].tolist()]
        return found if np.ndim(np.arange(len(method))[unit]) else found[:, 0]

    return Lazy((tables[0].shape[0], len(method)), read)
