"""Sums of which no digit is lost: what rounding takes off a number of single precision is kept in a second one.

Møller 1965, "Quasi double-precision in floating point addition"; JAX has no double precision by default, and an
accelerator perhaps none at all.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float


class Double(NamedTuple):
    """The sum of two numbers of single precision, of which the second is a rounding error of the first."""

    high: Float[Any, "*shape"]
    low: Float[Any, "*shape"]


def add(total: Double, value: Float[Array, "*shape"]) -> Double:
    """Add numbers of single precision."""
    high = total.high + value
    came = high - total.high
    lost = (total.high - (high - came)) + (value - came)
    return Double(high, total.low + lost)


def times(total: Double, factor: Float[Array, "*shape"]) -> Double:
    """Multiply by a power of two, exactly."""
    return Double(total.high * factor, total.low * factor)


def number(total: Double) -> Float[np.ndarray, "*shape"]:
    """Return the sum in double precision, on the host."""
    return np.asarray(total.high, np.float64) + np.asarray(total.low, np.float64)


def halves(value: Float[np.ndarray, "*shape"]) -> Double:
    """Return numbers of double precision as two of single precision.

    Example:
        >>> parts = halves(np.array([1 + 1e-9]))
        >>> float(parts.high[0]), round(float(parts.low[0]), 12)
        (1.0, 1e-09)
    """
    high = np.asarray(value, np.float32)
    return Double(high, np.asarray(value - high, np.float32))
