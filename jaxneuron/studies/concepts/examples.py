"""What the first units of each class respond to: the words at which they are highest, for people."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxneuron.corpora import selection
from jaxneuron.studies.concepts.material import Text
from jaxneuron.studies.concepts.rankings import Scope
from jaxneuron.types import Probe, Site


def examples(
    text: Text,
    found: Scope,
    probe: Probe,
    names: Sequence[str],
    widths: dict[Site, int],
    *,
    units: int = 3,
    words: int = 8,
) -> list[dict[str, Any]]:
    """Return the units of the largest weights of each class, with words; of a negative weight, the lowest words."""
    weights, sentences = np.asarray(probe.weights), text.parts["test"].sentences
    chosen = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :units]
    columns = np.unique(chosen)
    some = np.asarray(found.test[0][:, columns])
    top = selection.top_words(some, sentences, count=words, least=_least(sentences))
    where = [(site, unit) for site, width in widths.items() for unit in range(width)]
    rows = []
    for label, name in enumerate(names[: len(weights)]):
        for unit in chosen[label].tolist():
            column = int(np.searchsorted(columns, unit))
            side = top.highest if weights[label, unit] >= 0 else top.lowest
            rows.append(
                {
                    "name": name,
                    "site": where[unit][0],
                    "unit": where[unit][1],
                    "sign": 1 if weights[label, unit] >= 0 else -1,
                    "weight": weights[label, unit],
                    "words": [top.words[item] for item in side.item[column].tolist() if item >= 0],
                    "score": side.score[column, 0],
                }
            )
    return rows


def _least(sentences: Sequence[Sequence[str]]) -> int:
    """Return how often a word has to occur: a type that occurs once may be highest by chance."""
    return 3 if sum(map(len, sentences)) > 2_000 else 1
