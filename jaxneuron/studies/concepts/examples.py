"""What the first units of each class respond to: the words at which they are highest, for people."""

from collections.abc import Sequence

import numpy as np

from jaxneuron.corpora import selection
from jaxneuron.rank import correlation
from jaxneuron.studies.concepts.material import Text
from jaxneuron.studies.concepts.rankings import Scope
from jaxneuron.studies.concepts.results import Example
from jaxneuron.types import Site


def examples(
    text: Text,
    found: Scope,
    names: Sequence[str],
    widths: dict[Site, int],
    *,
    units: int = 3,
    words: int = 8,
) -> list[Example]:
    """Return the units that vary most with each class, with words; of those that fall with it, the lowest words.

    The weights of a probe of all units would not do: beside others that say the same, a unit often gets a weight of the
    other sign.

    Args:
        text: the text, with its labels.
        found: units side by side, with one layer of labels.
        names: of the classes.
        widths: site -> units.
        units: of each class.
        words: of each unit.
    """
    with_class, sentences = (
        np.asarray(correlation.rank(None, *found.train, signed=True).score),
        text.parts["test"].sentences,
    )
    chosen = np.argsort(-np.abs(with_class), axis=1, kind="stable")[:, :units]
    columns = np.unique(chosen)
    some = np.asarray(found.test[0][:, columns])
    top = selection.top_words(some, sentences, count=words, least=_least(sentences))
    where = [(site, unit) for site, width in widths.items() for unit in range(width)]
    rows = []
    for label, name in enumerate(names[: len(with_class)]):
        for unit in chosen[label].tolist():
            column = int(np.searchsorted(columns, unit))
            side = top.highest if with_class[label, unit] >= 0 else top.lowest
            rows.append(
                Example(
                    name,
                    *where[unit],
                    sign=1 if with_class[label, unit] >= 0 else -1,
                    correlation=float(with_class[label, unit]),
                    words=[top.words[item] for item in side.item[column].tolist() if item >= 0],
                    score=float(side.score[column, 0]),
                )
            )
    return rows


def _least(sentences: Sequence[Sequence[str]]) -> int:
    """Return how often a word has to occur: a type that occurs once may be highest by chance."""
    return 3 if sum(map(len, sentences)) > 2_000 else 1
