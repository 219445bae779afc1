"""How few units are enough? The smallest k of a ranking whose probe comes close to that of all units.

Dalvi et al. 2019, "What is one grain of sand in the desert?" (arXiv:1812.09355); Dalvi et al. 2020, "Analyzing
redundancy in pretrained transformer models" (arXiv:2004.04010) try a fixed list of fractions. Here a first
grid of k is narrowed down between the last k that fails and the first that does: each round is one fit.

Cost:
    No pass of the model: one fit of fourteen probes, and two more rounds of a few.

Fails:
    Accuracy need not rise with every unit: a smaller k that was not tried may do. By dev data: report on a third set.

Peers:
    NeuroX's get_top_neurons with a fixed list of fractions; here the gap is narrowed.

Example:
    import jax
    from docs.tiny import activations, labels
    from jaxneuron.evaluate.minimal_set import minimal_set
    from jaxneuron.rank import probeless
    from jaxneuron.ranking import overall

    data, order = (activations, labels), overall(probeless.rank(None, activations, labels))
    print(minimal_set(jax.random.key(0), order, data, data, shares=[0.9]).size.tolist())
    #: [1]
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron import batching
from jaxneuron.evaluate.probes import Data, curve
from jaxneuron.rank import linear
from jaxneuron.types import Probe, Ranking

FRACTIONS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75)
"""The first k, as shares of all units."""


class Grid(NamedTuple):
    """Which k are tried.

    Args:
        fractions: the first k, as shares of all units; all units come on top.
        rounds: how often the gap before each smallest k is divided.
        parts: how many new k divide a gap.
    """

    fractions: Sequence[float] = FRACTIONS
    rounds: int = 2
    parts: int = 4


DEFAULT = Grid()
"""What is tried where nothing is said."""


class MinimalSet(NamedTuple):
    """How many units reach each share of what all of them reach."""

    shares: Float[np.ndarray, "share"]
    size: Int[np.ndarray, "share"]  # the smallest k found
    accuracy: Float[np.ndarray, "share"]  # with that k
    oracle: float  # what the shares are of: with all units, or as given
    counts: Int[np.ndarray, "k"]  # every k that was tried, ascending
    curve: Float[np.ndarray, "k"]  # their accuracy


def minimal_set(
    key: Array,
    ranking: Ranking,
    train: Data,
    dev: Data,
    *,
    shares: Sequence[float] = (0.97, 0.98, 0.99, 1.0),
    grid: Grid = DEFAULT,
    oracle: float | None = None,
    fit: Callable[..., Probe] = linear.fit,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> MinimalSet:
    """Find the smallest k whose retrained probe reaches a share of the accuracy of all units.

    Accuracy need not rise with every unit: this is the smallest k among those that were tried, `counts`.

    Args:
        key: for the order of the tokens.
        ranking: one order of all units.
        train: activations and labels of one property.
        dev: the same of other tokens, by which k is chosen; report its accuracy on a third set (`probes.curve`).
        shares: of the accuracy of all units, above 0 and at most 1.
        grid: which k are tried.
        oracle: the accuracy that the shares are of, such as that of more units than are ranked; by default that of all.
            Where no k reaches a share of it, all units are the answer, and their accuracy says so.
        fit: see `probes.retrained`.
        budget: bytes of working memory.
        progress: called after each round.

    Raises:
        ValueError: shares out of range, several concepts, or as `probes.curve`.
    """
    wanted = np.asarray(shares, np.float64)
    if wanted.ndim != 1 or not wanted.size or wanted.min() <= 0 or wanted.max() > 1:
        raise ValueError(f"expected shares above 0 and up to 1, got {shares!r:.80}")
    if np.ndim(dev[1]) != 1:
        raise ValueError(f"expected one property, got labels {np.shape(dev[1])}; ask for each concept by itself")
    order = np.asarray(ranking.order)
    order = order[0] if order.ndim == 2 and len(order) == 1 else order
    if order.ndim != 1:
        raise ValueError(f"expected one order of units, got {order.shape}; `ranking.overall` makes one of many labels")
    units = len(order)
    found: dict[int, float] = {}
    size: list[int] = []
    whole = math.nan
    new = sorted({min(units, max(1, math.ceil(f * units))) for f in grid.fractions} | {units})
    for turn in range(grid.rounds + 1):
        if new:
            accuracy = curve(key, order, train, dev, counts=new, fit=fit, budget=budget).accuracy
            found |= dict(zip(new, accuracy.tolist(), strict=True))
        if progress:
            progress(turn + 1, grid.rounds + 1)
        whole = found[units] if oracle is None else oracle
        size = [_smallest(found, share * whole, units) for share in wanted]
        new = sorted({k for last in size for k in _between(found, last, grid.parts)})
    counts = np.array(sorted(found))
    best = np.array([found[k] for k in size])
    return MinimalSet(wanted, np.array(size), best, whole, counts, np.array([found[int(k)] for k in counts]))


def _smallest(found: dict[int, float], accuracy: float, units: int) -> int:
    return min((k for k, value in found.items() if value >= accuracy), default=units)


def _between(found: dict[int, float], last: int, parts: int) -> list[int]:
    """Return new k, evenly spread between a k and the one that was tried before it."""
    first = max((k for k in found if k < last), default=0)
    points = np.linspace(first, last, parts + 2)[1:-1].round().astype(int)
    return [int(k) for k in points if first < k < last]
