"""Layers within the sums: smaller ones, or each in a random basis."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array

from jaxneuron import _keys
from jaxneuron.comoments._kinds import Comoments, Layers, Side
from jaxneuron.directions import orthonormal


def layered(sums: Comoments, layers: Layers) -> Comoments:
    """Return the sums with the products of smaller layers, which those of larger ones hold.

    Args:
        sums: of larger layers.
        layers: see `init`; the layers of either model stay as they are where none are given.

    Raises:
        ValueError: a layer that lies in no larger one.
    """
    sides = [
        side._replace(products=_within(side.products, widths)) if len(widths) else side
        for side, widths in zip((sums.a, sums.b), layers, strict=True)
    ]
    return sums._replace(a=sides[0], b=sides[1])


def rotated(key: Array, sums: Comoments) -> Comoments:
    """Return the sums with each layer of the second model in a random basis: what is left if units are no better.

    A layer's units are divided by their standard deviations and multiplied by a random orthogonal matrix: its
    directions are as many and carry the same, but none is a unit. Gurnee et al. 2024 (arXiv 2401.12181)
    rotate what is not divided, where a few units with large activations become part of every direction.

    Args:
        key: draws the rotations.
        sums: with the products of the second model's layers.

    Raises:
        TypeError: no key.
        ValueError: sums without those products.
    """
    keys = jax.random.split(_keys.checked(key), max(len(sums.b.products), 1))
    if not sums.b.products:
        raise ValueError("these sums are without the products of the second model; begin with `layers` for it")
    starts = np.cumsum([0, *map(len, sums.b.products)]).tolist()
    cross, mean, square, products = np.empty_like(sums.cross), np.empty_like(sums.b.mean), [], []
    for one, own, start in zip(keys, sums.b.products, starts, strict=False):
        here = slice(start, start + len(own))
        norm = np.sqrt(sums.b.square[here])
        turn = orthonormal(one, len(own), len(own)).T
        turn = np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0)[:, None] * turn
        products.append(turn.T @ own @ turn)
        square.append(np.diag(products[-1]).clip(0))
        cross[:, here], mean[here] = sums.cross[:, here] @ turn, sums.b.mean[here] @ turn
    return sums._replace(b=Side(mean, np.concatenate(square), tuple(products)), cross=cross)


def _within(products: Sequence[np.ndarray], widths: Sequence[int]) -> tuple[np.ndarray, ...]:
    found, start = [], 0
    outer = np.cumsum([0, *map(len, products)]).tolist()
    for width in widths:
        place = int(np.searchsorted(outer, start, "right")) - 1
        begin = start - outer[min(place, len(outer) - 1)]
        if place >= len(products) or begin + width > len(products[place]):
            raise ValueError(
                f"the layer of the units {start} to {start + width - 1} lies in none that was summed, which have "
                f"{[len(one) for one in products]} units; begin with larger `layers`"
            )
        found.append(products[place][begin : begin + width, begin : begin + width])
        start += width
    return tuple(found)
