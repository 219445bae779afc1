"""Support vector machines of one unit each, for every label and fold of one unit at once, without reading tokens twice.

The problem is scikit-learn's `LinearSVC(dual=False)`: `min ½(w² + b²) + C Σ max(0, 1 - y(wx + b))²`, whose bias is held
small like the weight. With one unit, the tokens inside the margin are those below (or above) one activation. So once
the tokens are sorted and `1, x, x²` summed from the lowest up, the objective, its gradient and its curvature for any
`w, b` are differences of two sums that a binary search finds, and Newton's method needs no pass over the data.
Balanced, each side's tokens cost in inverse proportion to how many of them a machine is trained on.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron.rank import _order
from jaxneuron.rank._order import Members

STEPS = 100
"""Newton steps at most; five to fifteen are usual."""


class Design(NamedTuple):
    """Who is tested when, and who has which label; the same for all units."""

    label: Members  # tokens of each label
    fold: Members  # tokens of each fold
    both: Members  # tokens of each label in each fold, the group `label * folds + fold`


class Machines(NamedTuple):
    """What the machines of one unit do on the tokens that they were not trained on."""

    weight: Float[np.ndarray, "label fold"]
    bias: Float[np.ndarray, "label fold"]
    hits: Int[np.ndarray, "label fold"]  # tokens with the label that are said to have it
    alarms: Int[np.ndarray, "label fold"]  # tokens without it that are said to have it


class _Table(NamedTuple):
    """Sums of `1, x, x²` from the lowest member of the first group on."""

    key: Int[np.ndarray, "member"]  # group * 2**32 + place
    sums: Float[np.ndarray, "member_and_end 3"]
    group: Int[np.ndarray, "*#problem"]  # the group of each problem
    start: Float[np.ndarray, "*#problem 3"]  # the sums before it
    whole: Float[np.ndarray, "*#problem 3"]  # of it

    def side(self, place: np.ndarray, below: np.ndarray) -> Float[np.ndarray, "label fold 3"]:
        """Return the sums over the members that are below a place, or else over the others."""
        low = self.sums[np.searchsorted(self.key, (self.group << 32) | place)] - self.start
        return np.where(below[..., None], low, self.whole - low)


def standard(values: Float[np.ndarray, "token"]) -> tuple[Float[np.ndarray, "token"], float, float]:
    """Return a unit with a mean of 0 and a deviation of 1, in float32, and what these were; zeros if it never changes.

    Example:
        >>> standard(np.array([1e20, 3e20]))[0].tolist()
        [-1.0, 1.0]
    """
    first = float(values[0])
    away = values.astype(np.float64) - first
    reach = float(np.abs(away).max()) or 1.0
    away /= reach  # squares are then in range
    mean, scale = float(away.mean()), float(away.std()) if away.any() else 1.0
    return ((away - mean) / scale).astype(np.float32), first + mean * reach, scale * reach


def design(labels: np.ndarray, folds: Int[np.ndarray, "token"]) -> Design:
    """Return who is in which label and fold, from `Bool[token label]` and numbers from 0."""
    count = int(folds.max()) + 1
    label, fold = _order.members(labels), _order.members(folds[:, None] == np.arange(count))
    group = label.group * count + folds[label.token]
    order = np.argsort(group, kind="stable")
    size = np.bincount(group, minlength=labels.shape[1] * count)
    both = Members(group[order], label.token[order], np.cumsum(size) - size, size)
    return Design(label, fold, both)


def machines(values: Float[np.ndarray, "token"], design: Design, cost: float, balanced: bool) -> Machines:
    """Train and test the machines of one unit: one for every label and fold."""
    tokens, sort = len(values), _order.ascending(values)
    place, x = _order.places(sort), values[sort.order].astype(np.float64)
    labels, folds = len(design.label.size), len(design.fold.size)
    row, column = np.arange(labels)[:, None], np.arange(folds)[None, :]

    def table(members: Members, group: np.ndarray) -> _Table:
        key = _order.member_keys(members, place)
        at = x[key & _order.LOW]
        sums = np.zeros((len(key) + 1, 3))
        np.cumsum(np.stack([np.ones_like(at), at, at * at], axis=1), axis=0, out=sums[1:])
        start = sums[members.start]
        whole = sums[members.start + members.size] - start
        return _Table(key, sums, group, start[group], whole[group])

    by_label, by_fold = table(design.label, row), table(design.fold, column)
    by_both = table(design.both, row * folds + column)
    everyone = Members(np.zeros_like(sort.order), sort.order, np.zeros(1, np.int64), np.array([tokens]))
    by_all = table(everyone, np.zeros((1, 1), np.int64))

    trained = tokens - design.fold.size[None, :]
    held = design.label.size[:, None] - design.both.size.reshape(labels, folds)
    # scikit-learn's class_weight="balanced": tokens / (2 * tokens of the side)
    with_cost, without_cost = (trained / (2 * np.maximum(n, 1)) if balanced else 1.0 for n in (held, trained - held))

    def objective(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the objective, its gradient in w and b, and twice the cost times the sums inside the margin."""
        with np.errstate(divide="ignore", invalid="ignore"):
            high, low = np.nan_to_num(np.stack([1 - b, -1 - b]) / w, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        rises = w >= 0
        p, q = np.searchsorted(x, high), np.searchsorted(x, low)
        n, s, ss = with_cost * np.moveaxis(by_label.side(p, rises) - by_both.side(p, rises), -1, 0)
        inside = np.stack([n, s, ss])
        loss = (1 - b) ** 2 * n - 2 * (1 - b) * w * s + w * w * ss
        slope_w, slope_b = -((1 - b) * s - w * ss), -((1 - b) * n - w * s)
        without = by_all.side(q, ~rises) - by_fold.side(q, ~rises) - by_label.side(q, ~rises) + by_both.side(q, ~rises)
        n, s, ss = without_cost * np.moveaxis(without, -1, 0)
        loss += (1 + b) ** 2 * n + 2 * (1 + b) * w * s + w * w * ss
        slope_w, slope_b = slope_w + (1 + b) * s + w * ss, slope_b + (1 + b) * n + w * s
        inside += np.stack([n, s, ss])
        value = (w * w + b * b) / 2 + cost * loss
        return value, w + 2 * cost * slope_w, b + 2 * cost * slope_b, 2 * cost * inside

    w = b = np.zeros((labels, folds))
    value, slope_w, slope_b, (n, s, ss) = objective(w, b)
    first = np.hypot(slope_w, slope_b)
    step = np.ones_like(w)
    for _ in range(STEPS):
        if np.all(np.hypot(slope_w, slope_b) <= 1e-9 * first + 1e-12):
            break
        determinant = (1 + ss) * (1 + n) - s * s
        toward_w = ((s * slope_b) - (1 + n) * slope_w) / determinant
        toward_b = ((s * slope_w) - (1 + ss) * slope_b) / determinant
        new = objective(w + step * toward_w, b + step * toward_b)
        descent = slope_w * toward_w + slope_b * toward_b
        better = new[0] <= value + 1e-4 * step * descent + 1e-13 * np.abs(value)
        w, b = np.where(better, w + step * toward_w, w), np.where(better, b + step * toward_b, b)
        value, slope_w, slope_b = (
            np.where(better, a, c) for a, c in zip(new[:3], (value, slope_w, slope_b), strict=True)
        )
        n, s, ss = np.where(better, new[3], np.stack([n, s, ss]))
        step = np.where(better, 1.0, step / 2)

    with np.errstate(divide="ignore", invalid="ignore"):
        border = np.nan_to_num(-b / w, nan=np.inf, posinf=np.inf, neginf=-np.inf)
    rises = w > 0
    after, before = np.searchsorted(x, border, side="right"), np.searchsorted(x, border, side="left")
    border, below = np.where(rises, after, before), ~rises
    # Without a weight, the bias speaks for all tokens or for none.
    border, below = np.where(w == 0, np.where(b > 0, 0, tokens), border), below & (w != 0)
    hits = by_both.side(border, below)[..., 0].astype(np.int64)
    named = by_fold.side(border, below)[..., 0].astype(np.int64)
    return Machines(w, b, hits, named - hits)
