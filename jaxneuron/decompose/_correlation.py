"""Pearson's correlation of every two units, whatever their scales, offsets and type."""

import numpy as np
from jaxtyping import Float, Shaped


def correlation(activations: Shaped[np.ndarray, "token unit"]) -> Float[np.ndarray, "unit unit"]:
    """Return the correlation of each pair of units; 0 for a unit that never changes.

    Each unit is shifted by its mean and scaled to length 1 in double precision; the products of all pairs, which take
    the time, are then of numbers that single precision has no trouble with.

    Args:
        activations: real numbers of any type.

    Raises:
        TypeError: no real numbers.
        ValueError: an activation that is not finite; the message names the first.

    Example:
        >>> correlation(np.array([[0.0, 3e20, 5.0], [1.0, 2e20, 5.0]])).round(6).tolist()
        [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    rows = np.empty(activations.shape[::-1], np.float32)
    for unit, column in enumerate(activations.T):
        rows[unit] = _standard(column, unit)
    return np.clip((rows @ rows.T).astype(np.float64), -1, 1)


def _standard(column: Shaped[np.ndarray, "token"], unit: int) -> Float[np.ndarray, "token"]:
    try:
        values = column.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"expected activations as real numbers, got {column.dtype}") from error
    if not np.isfinite(values).all():
        token = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(
            f"the activation of unit {unit} at token {token} is not finite; leave out such tokens or units, or look "
            "for what overflows in the model"
        )
    least, most = values.min(), values.max()
    if least == most:
        return np.zeros(len(values))
    middle = least / 2 + most / 2
    values = (values - middle) / (most / 2 - least / 2)  # from -1 to 1, so that no square leaves the range
    values -= values.mean()
    return values / np.linalg.norm(values)
