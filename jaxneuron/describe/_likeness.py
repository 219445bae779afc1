"""How like its exemplars is a word, for a unit? All that is foretold from them, by any features of words.

The exemplars of a unit are the words of the texts in which it goes farthest up, and farthest down. A word's value is
the sum of its likenesses to them, the products of features, each weighed by how far from its mean the unit was there:
what all words share with both sides cancels. One slope, never below 0, and one constant for each unit fit that to the
text that describes it, without the exemplars themselves.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy import sparse

from jaxneuron import batching
from jaxneuron.corpora.labelled import Labelled
from jaxneuron.describe import _said, _words
from jaxneuron.describe._exemplars import Exemplars, shown
from jaxneuron.describe._lazy import Columns, Lazy
from jaxneuron.describe._nouns import Described
from jaxneuron.describe._words import Words
from jaxneuron.table import Table, over_units

Features = Callable[[Words], Any]
"""What words are compared by: `[token, feature]`, an array of numpy or a sparse matrix."""


def described(
    source: str,
    opening: str,
    activations: Table,
    words: Words,
    exemplars: Exemplars,
    features: Features,
    *,
    budget: int = batching.BUDGET,
) -> Described:
    """Return what a method says and foretells by likeness.

    Args:
        source: the method.
        opening: what is said before the exemplars, after "high" or "low".
        activations: of the words.
        words: of the text that describes.
        exemplars: of each unit, of this text or another.
        features: of the words of any text.
        budget: bytes for the units that are read at a time.
    """
    units = activations.shape[1]
    mine = features(words)
    theirs = mine if exemplars.words is words else features(exemplars.words)
    unit, rank = np.nonzero(exemplars.token >= 0)
    token, weight = exemplars.token[unit, rank], exemplars.weight[unit, rank]
    size = np.bincount(unit, np.abs(weight), units)[unit]
    weighed = sparse.csr_matrix((weight / size, (unit, token)), shape=(units, theirs.shape[0]))
    direction = (weighed @ theirs).T  # [feature, unit]
    direction = direction.tocsc() if sparse.issparse(direction) else direction
    slope, constant = np.zeros(units), np.zeros(units)
    for here, block in over_units(activations, budget=budget, copies=8):
        used = np.ones(block.shape, bool)
        if exemplars.words is words:
            some = (unit >= here.start) & (unit < here.stop)
            used[token[some], unit[some] - here.start] = False
        slope[here], constant[here] = _line(_product(mine, direction, here), block, used)

    def predict(text: Labelled) -> Lazy:
        given = features(_words.of(text))

        def read(asked: Columns) -> np.ndarray:
            return constant[asked] + slope[asked] * _product(given, direction, asked)

        return Lazy((given.shape[0], units), read)

    said = tuple(_line_of(exemplars, one, opening) for one in range(units))
    return Described(said, exemplars.side, (source,) * units, predict)


def _product(features: Any, direction: Any, units: Any) -> Float[np.ndarray, "token _unit"]:
    found = features @ direction[:, units]
    return np.asarray(found.todense() if sparse.issparse(found) else found)


def _line(
    like: Float[np.ndarray, "token unit"], values: Float[np.ndarray, "token unit"], used: Bool[np.ndarray, "token unit"]
) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"]]:
    """Return slope and constant of the least squares line of each unit, over the words that are used."""
    count = np.maximum(used.sum(axis=0), 1)
    x, y = ((table * used).sum(axis=0, dtype=np.float64) / count for table in (like, values))
    apart = (like - x) * used
    square, both = (apart**2).sum(axis=0), (apart * (values - y)).sum(axis=0)
    slope = np.maximum(both, 0) / np.where(square > 0, square, 1)
    return slope, y - slope * x


def _line_of(exemplars: Exemplars, unit: int, opening: str) -> str:
    """Say where a unit is high and low: two exemplars of its side, and one of the other if that is nearly as far."""
    side = int(exemplars.side[unit])
    if not side:
        return _said.never(float(exemplars.constant[unit]))
    weight = side * exemplars.weight[unit]
    far = np.flatnonzero(weight > 0)[:2]
    near = np.flatnonzero(weight < -_said.NEAR * weight.max(initial=0))[:1]
    words = ("high", "low")[::side]
    said = [
        f"{word} {opening} {', '.join(shown(exemplars, unit, one) for one in some.tolist())}"
        for word, some in zip(words, (far, near), strict=True)
        if len(some)
    ]
    return "; ".join(said)
