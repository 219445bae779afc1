"""Take the method that foretells each unit best, on text that had no say in the descriptions."""

from collections.abc import Sequence

import numpy as np

from jaxneuron import batching
from jaxneuron._wilson import NORMAL
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _correlated, _words
from jaxneuron.describe._lazy import picked
from jaxneuron.describe._nouns import Described
from jaxneuron.table import Checked, Table, spans


def best(
    described: Sequence[Described], activations: Table, text: Labelled, *, budget: int = batching.BUDGET
) -> Described:
    """Return for each unit the simplest of the descriptions that foretell best what it does.

    These are all whose predictions correlate with what the unit does as much as the best one's, less one standard error
    of that (by texts): the rule by which Breiman, Friedman, Olshen and Stone 1984 prune trees.

    Args:
        described: of the same units, by several methods, the simplest first.
        activations: of the words of this text.
        text: neither that of the descriptions nor that on which the chosen one is to be scored.
        budget: bytes for the units that are compared at a time.

    Raises:
        TypeError, ValueError: no description; a single text; activations of other units or words than described, or
            not finite.

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
    if len(words.length) < 2:
        raise ValueError("expected at least 2 texts, as errors are by texts, got 1")
    if wrong := {len(one.text) for one in described} - {units}:
        raise ValueError(f"expected descriptions of the {units} units, got of {min(wrong)}")
    tables, true = [one.predict(text) for one in described], Checked(activations, exact=True)
    method = np.zeros(units, np.int64)
    for here in spans(units, batching.chunk_size(8 * 8 * len(words.word), units, budget)):
        value = np.ascontiguousarray(true[:, here].T)
        each = [_correlated.correlation(value, np.asarray(table[:, here]).T, words.start) for table in tables]
        r, low, high = np.stack(each, axis=1)  # [figure, method, unit]
        first = np.argmax(np.round(r, 9), axis=0)[None]
        error = np.take_along_axis((high - low) / (2 * NORMAL), first, axis=0)
        method[here] = np.argmax(r >= np.take_along_axis(r, first, axis=0) - error - 1e-9, axis=0)
    return Described(
        tuple(described[which].text[unit] for unit, which in enumerate(method.tolist())),
        np.array([described[which].side[unit] for unit, which in enumerate(method.tolist())]),
        tuple(described[which].source[unit] for unit, which in enumerate(method.tolist())),
        lambda other: picked([one.predict(other) for one in described], method),
    )
