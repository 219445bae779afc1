"""How often does each unit have each value? Counts of numbers of sixteen bits, from which any quantile follows.

Counting beats keeping: a text of any length has at most 65,536 different values of bfloat16 for a unit. Compare the
thresholds of Bau et al. 2017, "Network Dissection" (arXiv 1704.05796), which are quantiles from a sketch.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, UInt16

from jaxneuron.atlas import Bars, Histogram, Quantiles, Statistic
from jaxneuron.atlas._levels import (
    Levels,
    added,
    checked,
    exact,
    numbered,
    of_batch,
    put,
    settled,
    summed,
    table,
    values,
)
from jaxneuron.atlas._sites import Flat, SiteBeside, each


def statistic(*, lowest: int = -126, highest: int = 128, digits: int = 7) -> Statistic:
    """Return the statistic whose result is a `Histogram`.

    Args:
        lowest: numbers from `2 ** lowest` on have a level each; by default all but the subnormal ones.
        highest: up to just below `2 ** highest`.
        digits: binary ones of a number, after the first, that are told apart; 7 are those of bfloat16. A unit takes
            `8 * (highest - lowest) * 2 ** digits` bytes: 254 KiB by default, 48 KiB from -32 to 16.

    Raises:
        ValueError: exponents or digits that bfloat16 does not have.
    """
    levels = checked(lowest, highest, digits)
    beside = SiteBeside(partial(of_batch, levels), _add, settled)
    return each(partial(_init, levels), partial(_update, levels), summed, partial(_finish, levels), beside=beside)


def held(*, lowest: int = -126, highest: int = 128, digits: int = 7) -> int:
    """Return the bytes that the counts of one unit take.

    Args:
        lowest: see `statistic`, as what follows.
        highest: see `statistic`.
        digits: see `statistic`.

    Example:
        >>> held(), held(lowest=-32, highest=16)
        (260120, 49176)
    """
    return 4 * (checked(lowest, highest, digits).count + 1)


def _init(levels: Levels, units: int) -> Int[Any, "unit level"]:
    return table(units, levels)


def _update(levels: Levels, state: Int[Any, "unit level"], batch: Flat) -> Int[Any, "unit level"]:
    level = jnp.where(batch.counted[None], numbered(batch.value.T, levels), levels.count)
    unit = jnp.arange(len(state))[:, None]  # unit by unit, so that what is counted stays in the cache
    return added(state, unit, level)


def _add(state: Any, seen: UInt16[np.ndarray, "token unit"], batch: Flat) -> Any:
    return put(state, seen, np.flatnonzero(batch.counted))


def _finish(levels: Levels, state: Int[np.ndarray, "unit level"]) -> Histogram:
    count = state[:, :-1]
    tokens = int(count[0].sum()) if len(count) else 0
    (some,) = np.nonzero(count.any(axis=0))
    return Histogram(tokens, values(levels)[some], count[:, some], exact(count, levels))


def quantiles(found: Histogram, shares: Float[Any, "share"]) -> Quantiles:
    """Return the least value that at least a share of a unit's values reach up to.

    Args:
        found: the counts.
        shares: from 0 to 1.

    Raises:
        ValueError: other shares.

    Example:
        >>> found = Histogram(4, np.array([0.0, 1.0]), np.array([[3, 1]]), np.array([True]))
        >>> quantiles(found, np.array([0.5, 1.0])).value.tolist()
        [[0.0, 1.0]]
    """
    share = np.asarray(shares, np.float64)
    if share.ndim != 1 or not np.all((share >= 0) & (share <= 1)):
        raise ValueError(f"expected shares from 0 to 1, got {shares!r:.80}")
    if not found.tokens:
        return Quantiles(
            share, np.full((len(found.count), len(share)), np.nan), np.zeros((len(found.count), len(share)), int)
        )
    least = np.clip(np.ceil(np.round(share * found.tokens, 6)), 1, found.tokens)
    place = np.empty((len(found.count), len(share)), np.int64)
    count = np.empty_like(place)
    for unit, row in enumerate(found.count):
        below = np.cumsum(row)
        place[unit] = np.searchsorted(below, least)
        count[unit] = below[place[unit]]
    return Quantiles(share, found.level[place], count)


def bars(found: Histogram, *, count: int = 40) -> Bars:
    """Return a histogram of equally wide bars for each unit.

    Args:
        found: the counts.
        count: how many bars.

    Raises:
        ValueError: no bars.

    Example:
        >>> found = bars(Histogram(4, np.array([0.0, 1.0, 2.0]), np.array([[1, 2, 1]]), np.ones(1, bool)), count=2)
        >>> found.edge.tolist(), found.count.tolist()
        ([[0.0, 1.0, 2.0]], [[1, 3]])
    """
    if count < 1:
        raise ValueError(f"expected at least 1 bar, got {count}")
    edges, heights = np.full((len(found.count), count + 1), np.nan), np.zeros((len(found.count), count), np.int64)
    for unit, row in enumerate(found.count):
        (some,) = np.nonzero(row)
        if len(some):
            heights[unit], edges[unit] = np.histogram(found.level[some], count, weights=row[some])
    return Bars(edges, heights)
