"""Pearson's correlation of many units at once, with an interval by texts."""

import numpy as np
from jaxtyping import Float, Int
from scipy import stats


def standard(values: Float[np.ndarray, "unit token"]) -> Float[np.ndarray, "unit token"]:
    """Return values of mean 0 and variance 1; 0 throughout for a unit that never changes."""
    centred = values - values.mean(axis=1, keepdims=True, dtype=np.float64)
    scale = np.abs(centred).max(axis=1, keepdims=True)
    centred /= np.where(scale > 0, scale, 1)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True))
    moves = values.max(axis=1, keepdims=True) > values.min(axis=1, keepdims=True)
    return np.where(moves, centred / np.where(deviation > 0, deviation, 1), 0)


def correlation(
    one: Float[np.ndarray, "unit token"], other: Float[np.ndarray, "unit token"], start: Int[np.ndarray, "text"]
) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"], Float[np.ndarray, "unit"]]:
    """Return the correlation, and the ends of its interval of 95%; 0 throughout where either never changes.

    A word adds `x y - r (x² + y²) / 2` to the error of r, with x and y standardised. These are summed over texts, which
    are independent of each other, and the interval is Student's of that many texts, on the scale of Fisher's z.
    """
    x, y = standard(one), standard(other)
    r = np.clip((x * y).mean(axis=1), -1, 1)
    error = np.add.reduceat(x * y - r[:, None] / 2 * (x * x + y * y), start, axis=1)
    texts, tokens = len(start), one.shape[1]
    deviation = np.sqrt((error**2).sum(axis=1) * texts / (texts - 1)) / tokens
    room = 1 - r**2
    inside = room > 1e-12
    half = stats.t.ppf(0.975, texts - 1) * deviation / np.where(inside, room, 1)
    z = np.arctanh(np.where(inside, r, 0))
    low, high = (np.where(inside, np.tanh(z + sign * half), r) for sign in (-1, 1))
    return r, low, high
