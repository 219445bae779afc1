"""Canonical correlations of layers: the directions of one that are most like directions of the other, from sums."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from jaxneuron.comoments import Comoments
from jaxneuron.compare import _over
from jaxneuron.types import Matches

LEAST = 1e-6
"""A direction with less than this of the variance of the first one is rounding."""


class Main(NamedTuple):
    """The main directions of a layer."""

    vectors: Float[np.ndarray, "layer_unit direction"]
    length: Float[np.ndarray, "direction"]  # root of the sum of squares along it


class Canonical(NamedTuple):
    """What two layers share."""

    place: tuple[int, int]
    correlations: Float[np.ndarray, "canonical"]  # from the largest on
    variates: Float[np.ndarray, "direction canonical"]  # of the first layer, in its main directions
    first: Main


def check(keep: float) -> None:
    """Raise a ValueError for a share of the variance that is none."""
    if not 0 < keep <= 1:
        raise ValueError(f"expected keep as a share of the variance above 0 and up to 1, got {keep}")


def pairs(sums: Comoments, keep: float) -> Iterator[Canonical]:
    """Yield the canonical correlations of each layer with each layer of the other model.

    Args:
        sums: with the products of the layers of both.
        keep: share of a layer's variance that its main directions have.

    Raises:
        ValueError: sums without those products, or too few tokens for so many directions.
    """
    layers(sums)
    firsts, others = ([_main(one, keep) for one in side.products] for side in (sums.a, sums.b))
    starts = [np.cumsum([0, *map(len, side.products)]).tolist() for side in (sums.a, sums.b)]
    for row, first in enumerate(firsts):
        for column, other in enumerate(others):
            if not first.length.size or not other.length.size:
                continue
            count = first.length.size + other.length.size
            if sums.tokens - 1 <= count:
                raise ValueError(
                    f"{sums.tokens:,.0f} tokens for {first.length.size} and {other.length.size} directions, which "
                    f"always correlate perfectly; give more than {count + 1:,} tokens, several times as many, or keep "
                    "less of the variance"
                )
            cross = sums.cross[starts[0][row] : starts[0][row + 1], starts[1][column] : starts[1][column + 1]]
            whitened = first.vectors.T @ cross @ other.vectors / np.outer(first.length, other.length)
            variates, correlations, _ = np.linalg.svd(whitened, full_matrices=False)
            yield Canonical((row, column), correlations.clip(0, 1), variates, first)


def layers(sums: Comoments) -> tuple[int, int]:
    """Return how many layers both models have.

    Raises:
        ValueError: sums without the products of the layers.
    """
    if not (sums.a.products and sums.b.products):
        raise ValueError("these sums are without the products of the layers; begin with `layers` for both models")
    return len(sums.a.products), len(sums.b.products)


def matches(tables: Sequence[np.ndarray]) -> Matches:
    """Return the best layer of any other model, from a table `[layer, other]` for each."""
    table = np.concatenate(tables, axis=1)
    best = table.max(axis=1)
    return Matches(best, np.where(best > 0, table.argmax(axis=1), -1), table)


def summed(sums: Sequence[Comoments], keep: float, measure: Callable[[Canonical], float]) -> Matches:
    """Return a measure of the correlations of every two layers."""
    check(keep)
    _over.given(sums)
    tables = []
    for one in sums:
        table = np.zeros(layers(one))
        for pair in pairs(one, keep):
            table[pair.place] = measure(pair)
        tables.append(table)
    return matches(tables)


def _main(products: Float[np.ndarray, "layer_unit layer_unit"], keep: float) -> Main:
    variance, vectors = np.linalg.eigh(products)
    variance, vectors = variance[::-1], vectors[:, ::-1]
    there = variance > LEAST * max(float(variance[0]), 0)
    share = np.cumsum(variance * there) / max(float(np.sum(variance * there)), np.finfo(float).tiny)
    count = min(int(np.searchsorted(share, keep - 1e-9)) + 1, int(there.sum()))
    return Main(vectors[:, :count], np.sqrt(variance[:count]))
