"""What is summed of two models, and the part of each layer."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Layers = tuple[Sequence[int], Sequence[int]]
"""How many units each layer of both models has, in their order; those of a model add up to its units."""


class Side(NamedTuple):
    """What is known of the units of one model."""

    mean: Float[np.ndarray, "unit"]
    square: Float[np.ndarray, "unit"]  # sum of squares of what is centred; exactly 0 for a unit that never changes
    products: tuple[Float[np.ndarray, "layer_unit layer_unit"], ...]  # of every two units of each layer asked for


class Comoments(NamedTuple):
    """What is known of the tokens so far; sums are of products of what is centred."""

    tokens: float
    a: Side
    b: Side
    cross: Float[np.ndarray, "unit other"]


def cut(values: np.ndarray, products: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the part of each layer."""
    ends = np.cumsum([len(one) for one in products])
    return np.split(values, ends[:-1]) if len(products) else []
