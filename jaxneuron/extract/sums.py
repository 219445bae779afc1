"""What a pass says of labels, as the sums from which `rank` and `erase` finish: no activation is read again.

`probeless.finish(rankable(means, moments), classes=True)`, `correlation.finish(rankable(means, moments))` and
`leace.finish(erasable(means, together))` give what their methods give on the activations, where every word has a label.
"""

from typing import Any

import numpy as np

from jaxneuron.atlas import LabelMeans, UnitMoments
from jaxneuron.atlas.pairs import PairSums, products
from jaxneuron.comoments import Comoments, Side
from jaxneuron.rank import correlation


def rankable(means: LabelMeans, moments: UnitMoments) -> Any:
    """Return the sums of `rank.correlation` and `rank.probeless`.

    Args:
        means: of `label_sums`.
        moments: of the same words.

    Raises:
        ValueError: they are of other words or units.
    """
    _check(means, moments.tokens, len(moments.mean))
    sums = correlation.init(*means.mean.shape)
    assert sums.spread is not None  # correlations need it
    spread = sums.spread._replace(square=moments.variance * means.tokens, low=moments.low, high=moments.high)
    label = means.count.astype(np.float64)
    product = _products(means, moments.mean)
    return sums._replace(tokens=float(means.tokens), label=label, label_square=label, product=product, spread=spread)


def erasable(means: LabelMeans, together: PairSums) -> Comoments:
    """Return the sums of `erase.leace`.

    Args:
        means: of `label_sums`.
        together: the state of `pairs` after the same words.

    Raises:
        ValueError: they are of other words or units.
    """
    mean, product = products(together)
    _check(means, int(together.count), len(mean))
    share = means.count / means.tokens
    units = Side(mean, product.diagonal().copy(), (product,))
    labels = Side(share, means.count * (1 - share), ())
    return Comoments(float(means.tokens), units, labels, _products(means, mean).T)


def _products(means: LabelMeans, mean: np.ndarray) -> np.ndarray:
    """Return sums, over the words of each label, of how far each unit is from its mean: `[label, unit]`."""
    found = np.where(means.count[:, None] > 0, means.count[:, None] * (means.mean - mean), 0)
    if means.count.sum() == means.tokens:  # they add up to 0, exactly: else an erasure takes out one direction more
        found -= means.count[:, None] / means.tokens * found.sum(axis=0)
    return found


def _check(means: LabelMeans, tokens: int, units: int) -> None:
    if (means.tokens, means.mean.shape[1]) != (tokens, units):
        raise ValueError(
            f"the means of the labels are of {means.tokens:,} words and {means.mean.shape[1]:,} units, what stands "
            f"beside them of {tokens:,} and {units:,}; give what one pass says of one site"
        )
