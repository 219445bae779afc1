"""Means and covariances within classes, from activations a block at a time."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron import _labels, batching
from jaxneuron.table import Checked, Table

_LEAST = 1e-6
"""The least variance within classes, as a share of that between them: some units tell classes apart exactly."""


_RANGE = 2.0**40
"""How wide or narrow a unit may be to be left as it is: its products are then within the range of float32."""


class Moments(NamedTuple):
    """What is known of each class; of products and variances, the activations are divided by the scale."""

    mean: Float[np.ndarray, "label unit"]  # the common mean for a class that does not occur; not divided
    scatter: Float[np.ndarray, "label unit unit"]  # sum of products of the differences to the class's mean
    count: Int[np.ndarray, "label"]  # tokens
    scale: Float[np.ndarray, "unit"]  # 1, or a power of two for a unit that goes very far or hardly moves
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
            self.scale[units],
            self.constant[units],
            self.within[units],
        )


def scatter(activations: Table, labels: Any, budget: int) -> Moments:
    """Read the activations twice: for the means, and for the products of differences to them."""
    checked = Checked(activations, exact=True)
    ids, classes = _labels.classes(labels, len(checked))
    count = np.bincount(ids, minlength=classes)
    total = np.zeros((classes, checked.shape[1]))
    shift = checked[:1][0]  # sums are of the distance to the first token: near it, no digits are lost
    low, high = shift.astype(np.float64), shift.astype(np.float64)
    for here, part in checked.blocks(block_size(checked, budget)):
        low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
        away = part.astype(np.float64) - shift
        total += (ids[here] == np.arange(classes)[:, None]).astype(np.float64) @ away
    common = total.sum(axis=0) / len(checked)
    mean = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], common)
    constant, scale = low == high, _scale(high - low)
    products = np.zeros((classes, checked.shape[1], checked.shape[1]), np.float32)
    for here, part in checked.blocks(block_size(checked, budget)):
        own = ids[here]
        for label in np.unique(own):
            rows = scaled(part[own == label] - shift, scale) - (mean[label] / scale).astype(np.float32)
            products[label] += rows.T @ rows
    within = np.einsum("vuu->u", products) / len(checked)
    between = count @ ((mean - common) / scale) ** 2 / len(checked)
    within = np.where(constant, 1.0, np.maximum(within, _LEAST * between))
    return Moments(mean + shift, products, count, scale, constant, within)


def scaled(values: Float[np.ndarray, "*token unit"], scale: Float[np.ndarray, "unit"]) -> Any:
    """Return values divided by the scale, in float32."""
    return (values if np.all(scale == 1) else values / scale).astype(np.float32, copy=False)


def _scale(reach: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit"]:
    """Return what brings a range near 1 if it is far from it: a power of two, so that no digit changes."""
    far = (reach > _RANGE) | ((reach > 0) & (reach < 1 / _RANGE))
    return np.where(far, np.ldexp(1.0, np.frexp(reach)[1]), 1.0)


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


def block_size(checked: Checked, budget: int) -> int:
    """Return how many tokens fit the budget, with what is computed of them."""
    return batching.chunk_size(5 * 4 * checked.shape[1], len(checked), budget)
