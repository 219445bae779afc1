"""How many of a unit's values are below some of them, for many units at once; equal ones count half."""

import numpy as np
from jaxtyping import Float, Int


def below(
    values: Float[np.ndarray, "unit item"],
    group: Int[np.ndarray, "item"],
    unit: Int[np.ndarray, "asked"],
    item: Int[np.ndarray, "asked"],
) -> Float[np.ndarray, "asked"]:
    """Return how many values of the same unit and group are below each one that is asked for, and half of its equals.

    Each value becomes a whole number, with unit and group above it and 32 bits that are ordered as the floats are. All
    are sorted, and those asked for are looked up, in two calls.

    Args:
        values: of all items; compared as float32.
        group: of each item, ascending from 0.
        unit: of the values asked for.
        item: of the values asked for.

    Example:
        >>> below(np.array([[3.0, 1.0, 3.0]]), np.zeros(3, int), np.array([0, 0]), np.array([0, 1])).tolist()
        [1.5, 0.0]
    """
    bits = (values.astype(np.float32) + np.float32(0)).view(np.int32)  # adding 0 makes -0 the same as 0
    bits = (bits ^ ((bits >> 31) & np.int32(2**31 - 1))).astype(np.int64) + 2**31
    place = np.arange(len(values))[:, None] * (group[-1] + 1) + group
    keys = (place << 32) | bits
    asked = keys[unit, item]
    keys = np.sort(keys, axis=1).ravel()
    first = np.searchsorted(group, group, side="left")
    begin = unit * values.shape[1] + first[item]
    left, right = (np.searchsorted(keys, asked, side=side) for side in ("left", "right"))
    return (left + right - 1) / 2 - begin  # without itself
