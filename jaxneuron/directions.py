"""Directions of a site as rows: some drawn at random, and those that span what is given."""

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import _keys


def orthonormal(key: Array, count: int, units: int) -> Float[np.ndarray, "direction unit"]:
    """Draw directions at right angles, each set as likely as any other.

    Args:
        key: one key.
        count: how many, at most as many as units.
        units: of the site.

    Returns:
        Rows of length 1, at right angles to each other.

    Raises:
        TypeError: no key.
        ValueError: more directions than units, or fewer than none.

    Source:
        Mezzadri 2007, "How to generate random matrices from the classical compact groups" (arXiv math-ph/0609050).

    Example:
        >>> found = orthonormal(jax.random.key(0), 2, 3)
        >>> np.round(np.abs(found @ found.T), 6).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    if not 0 <= count <= units:
        raise ValueError(f"{units} units have {units} directions at right angles at most, got a count of {count}")
    drawn = np.asarray(jax.random.normal(_keys.checked(key), (units, count)), np.float64)
    columns, triangle = np.linalg.qr(drawn)
    return (columns * np.sign(np.diag(triangle))).T


def span(rows: Float[np.ndarray, "row unit"], *, least: float = 1e-8) -> Float[np.ndarray, "direction unit"]:
    """Return orthonormal rows that span what some rows do.

    Args:
        rows: of any length.
        least: directions that have less than this share of the longest are rounding, and left out.

    Example:
        >>> np.abs(span(np.array([[3.0, 0.0], [1.0, 0.0]]))).tolist()
        [[1.0, 0.0]]
    """
    _, length, found = np.linalg.svd(rows, full_matrices=False)
    return found[length > least * length.max(initial=np.finfo(float).tiny)]
