"""How the attributions of a token are spread over the units of each layer: quartiles, a mass function, and entropy.

As Captum's tutorial on question answering draws it (Bert_SQUAD_Interpret): a histogram of the layer's attributions in
100 bins, scaled to sum to one, and `entropy = -sum p log2 p`. There each layer has bins of its own range, so that two
layers are not measured by one scale; here the bins are the same for all of them, and the tutorial's number is given
beside it (`own_bins`). Two measures need no bins, of `q = |a| / sum |a|`: its entropy (`spread`, in bits, log2 of the
units at most) and the number of units that take part, `1 / sum q^2` (`participation`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Measures(NamedTuple):
    """The attributions of one token over the units of one layer, as numbers."""

    sum: float
    low: float
    first: float  # quartile
    median: float
    third: float
    high: float
    entropy: float  # bits, in bins that all layers share
    own_bins: float  # bits, in bins of the layer's own
    spread: float  # bits of `|a| / sum |a|`
    participation: float  # units that take part


class Layer(NamedTuple):
    """The distribution at one layer: its mass function and the fields of `Measures`."""

    site: str
    mass: list[float]  # [bin]
    sum: float
    low: float
    first: float
    median: float
    third: float
    high: float
    entropy: float
    own_bins: float
    spread: float
    participation: float


class Distribution(NamedTuple):
    """How the attributions of one token are spread, layer by layer."""

    edges: list[float]  # [bin + 1]
    layers: list[Layer]


def entropy(mass: Float[np.ndarray, "... bin"]) -> Float[np.ndarray, "..."]:
    """Return `-sum p log2 p`, in bits; empty bins count nothing.

    Example:
        >>> float(entropy(np.array([0.5, 0.5, 0.0])))
        1.0
    """
    return np.asarray(-np.sum(mass * np.log2(np.where(mass > 0, mass, 1)), axis=-1))


def mass(values: Float[np.ndarray, "unit"], edges: Float[np.ndarray, "edge"]) -> Float[np.ndarray, "bin"]:
    """Return the share of the values in each bin.

    Example:
        >>> mass(np.array([0.1, 0.2, 0.9]), np.array([0.0, 0.5, 1.0])).round(2).tolist()
        [0.67, 0.33]
    """
    counts = np.histogram(values, edges)[0]
    return counts / max(counts.sum(), 1)


def measures(values: Float[np.ndarray, "unit"], edges: Float[np.ndarray, "edge"]) -> Measures:
    """Return every number for the attributions of one token at one layer.

    Example:
        >>> measures(np.array([1.0, 1.0, 0.0, 0.0]), np.linspace(0, 1, 3)).participation
        2.0
    """
    share = np.abs(values) / max(np.abs(values).sum(), 1e-30)
    low, first, middle, third, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    return Measures(
        sum=float(values.sum()),
        low=float(low),
        first=float(first),
        median=float(middle),
        third=float(third),
        high=float(high),
        entropy=float(entropy(mass(values, edges))),
        own_bins=float(entropy(mass(values, np.histogram_bin_edges(values, len(edges) - 1)))),
        spread=float(entropy(share)),
        participation=float(1 / max(np.sum(share**2), 1e-30)),
    )


def of_token(layers: Mapping[str, Float[np.ndarray, "_unit"]], bins: int) -> Distribution:
    """Return the measures of each layer, and its mass in bins that all layers share.

    Args:
        layers: the attributions of one token, layer -> its units.
        bins: how many.
    """
    every = np.concatenate(list(layers.values()))
    low, high = float(every.min()), float(every.max())
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    told = [Layer(site, mass(values, edges).tolist(), *measures(values, edges)) for site, values in layers.items()]
    return Distribution(edges.tolist(), told)
