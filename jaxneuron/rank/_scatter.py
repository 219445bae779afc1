"""Means and covariances within classes, from activations a block at a time."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron import batching
from jaxneuron.rank import _labels
from jaxneuron.rank._stream import Checked

_LEAST = 1e-6
"""The least variance within classes, as a share of that between them: some units tell classes apart exactly."""


class Moments(NamedTuple):
    """What is known of each class."""

    mean: Float[np.ndarray, "label unit"]  # the common mean for a class that does not occur
    scatter: Float[np.ndarray, "label unit unit"]  # sum of products of the differences to the class's mean
    count: Int[np.ndarray, "label"]  # tokens
    constant: Bool[np.ndarray, "unit"]  # never changes
    within: Float[np.ndarray, "unit"]  # variance within classes, above 0, and 1 for a constant unit

    @property
    def prior(self) -> Float[np.ndarray, "label"]:
        """The share of each class."""
        return self.count / self.count.sum()

    def of(self, units: Int[np.ndarray, "subset"]) -> "Moments":
        """Return a copy for some of the units."""
        return Moments(
            self.mean[:, units],
            self.scatter[:, units[:, None], units],
            self.count,
            self.constant[units],
            self.within[units],
        )


def scatter(activations: Any, labels: Any, budget: int) -> Moments:
    """Read the activations twice: for the means, and for the products of differences to them."""
    checked = Checked(activations)
    ids, classes = _labels.classes(labels, len(checked))
    count = np.bincount(ids, minlength=classes)
    total = np.zeros((classes, checked.shape[1]))
    for here in spans(checked, budget):
        total += (ids[here] == np.arange(classes)[:, None]).astype(np.float64) @ checked[here].astype(np.float64)
    common = total.sum(axis=0) / len(checked)
    mean = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], common)
    products = np.zeros((classes, checked.shape[1], checked.shape[1]), np.float32)
    for here in spans(checked, budget):
        part, own = checked[here], ids[here]
        for label in np.unique(own):
            rows = part[own == label] - mean[label].astype(np.float32)
            products[label] += rows.T @ rows
    within = np.einsum("vuu->u", products) / len(checked)
    between = count @ (mean - common) ** 2 / len(checked)
    # the rest of a dead unit can be rounding at 1e-32, whose square is 0 in float32
    constant = np.sqrt(within + between) <= np.maximum(1e-6 * np.abs(common), 1e-15)
    return Moments(mean, products, count, constant, np.where(constant, 1.0, np.maximum(within, _LEAST * between)))


def shrunk(moments: Moments, share: float) -> Float[np.ndarray, "label unit unit"]:
    """Return the posterior mean covariance of each class, drawn to the common one by a share, 0 to 1."""
    out = np.empty_like(moments.scatter)
    each = np.arange(len(moments.within))
    common = moments.scatter.sum(axis=0)
    common[each, each] += moments.within
    common /= moments.count.sum() + 1
    for label, count in enumerate(moments.count):
        own = share if count else 1.0
        out[label] = moments.scatter[label]
        out[label, each, each] += moments.within
        out[label] *= (1 - own) / (count + 1)
        out[label] += own * common
    still = np.flatnonzero(moments.constant)  # neither with others nor different from class to class
    out[:, still] = 0
    out[:, :, still] = 0
    out[:, still, still] = 1
    return out


def spans(checked: Checked, budget: int) -> list[slice]:
    """Cut tokens into blocks that fit the budget, with what is computed of them."""
    size = batching.chunk_size(5 * 4 * checked.shape[1], len(checked), budget)
    return [slice(first, min(first + size, len(checked))) for first in range(0, len(checked), size)]
