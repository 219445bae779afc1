"""Activations near zero and of the size of one, where sums of squares neither overflow nor lose digits."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron import _numbers

FAR = 2.0**40
"""A site whose activations go beyond this, or not to one over it, is scaled."""


class Ranged(NamedTuple):
    """What was taken off a site's activations, and what the rest was divided by."""

    centre: Float[np.ndarray, "unit"]
    scale: float  # 1, or a power of two, by which no digit changes

    def of(self, values: Float[np.ndarray, "*row unit"]) -> Float[np.ndarray, "*row unit"]:
        """Return activations in this range, in float32."""
        return ((values - self.centre) / self.scale).astype(np.float32)

    def back(self, direction: Any, bias: Any) -> tuple[Float[np.ndarray, "*cav unit"], Float[np.ndarray, "*cav"]]:
        """Return the direction and bias, of activations as they are, of a line that was fitted in this range."""
        direction = np.asarray(direction, np.float64) / self.scale
        return direction, np.asarray(np.asarray(bias, np.float64) - direction @ self.centre)


def ranged(values: Float[np.ndarray, "*row unit"]) -> Ranged:
    """Return the range of some activations.

    Example:
        >>> found = ranged(np.array([[2.0**60, 0.0], [3 * 2.0**60, 0.0]]))
        >>> bool(found.centre[0] == 2.0**61), found.of(np.array([[3 * 2.0**60, 0.0]])).tolist()
        (True, [[0.5, 0.0]])
    """
    rows = values.reshape(-1, values.shape[-1])
    centre = rows.mean(axis=0, dtype=np.float64).astype(values.dtype)
    reach = float(np.abs(rows - centre).max(initial=0))
    return Ranged(centre, power(reach))


def power(size: float) -> float:
    """Return 1 for a size that is fit to be squared, else the power of two above it.

    Example:
        >>> power(3.0), power(1e20) == 2.0**67
        (1.0, True)
    """
    return float(np.ldexp(1.0, np.frexp(size)[1])) if size > FAR or 0 < size < 1 / FAR else 1.0


def held(values: Any, name: str) -> Float[np.ndarray, "..."]:
    """Return what a caller gave as float32 or float64, or raise a ValueError for what is not finite."""
    found = _numbers.exact(values)
    if not np.isfinite(found).all():
        raise ValueError(f"{int((~np.isfinite(found)).sum())} numbers of {name} are not finite; leave those texts out")
    return found
