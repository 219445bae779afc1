"""Batches by length: least padding, every sentence once, few shapes."""

import itertools

import numpy as np
import pytest

from jaxneuron import padding
from jaxneuron.types import Tokens

LENGTHS = np.random.default_rng(0).integers(1, 14, 103)


def added(lengths, padded):
    """Return the words that padding to the next of these lengths adds."""
    return sum(min(width for width in padded if width >= length) - length for length in lengths)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 20])
def test_widths_waste_as_little_as_any(count):
    lengths = LENGTHS[:40]
    values = sorted(set(lengths.tolist()))
    chosen = padding.widths(lengths, count=count)
    assert len(chosen) <= count and chosen == sorted(set(chosen)) and chosen[-1] == values[-1]
    subsets = itertools.combinations(values[:-1], min(count, len(values)) - 1)
    assert added(lengths, chosen) == min(added(lengths, [*subset, values[-1]]) for subset in subsets)


@pytest.mark.parametrize("seed", [None, (0, 3)])
def test_every_sentence_comes_once(seed):
    padded = padding.widths(LENGTHS, count=4)
    seen = []
    for rows, width in padding.by_length(LENGTHS, batch=8, padded=padded, seed=seed):
        assert rows.shape == (8,) and width in padded
        real = rows[rows >= 0]
        assert len(real) and np.all(LENGTHS[real] <= width)
        assert all(np.all(LENGTHS[real] > smaller) for smaller in padded if smaller < width)
        seen += real.tolist()
    assert sorted(seen) == list(range(len(LENGTHS)))


def test_one_seed_gives_one_order():
    padded = padding.widths(LENGTHS, count=4)

    def order(seed):
        return [rows.tolist() for rows, _ in padding.by_length(LENGTHS, batch=8, padded=padded, seed=seed)]

    assert order((0, 1)) == order((0, 1))
    assert order((0, 1)) != order((0, 2)) != order((1, 2))


def test_shapes_are_few():
    padded = padding.widths(np.arange(1, 60), count=8)
    shapes = {
        (len(rows), width) for rows, width in padding.by_length(np.arange(1, 60), batch=4, padded=padded, seed=(0,))
    }
    assert len(shapes) <= 8


def test_taking_pads_and_leaves_missing_rows_empty():
    tokens = Tokens(np.array([[3, 4, 5], [6, 0, 0]]), np.array([[True, True, True], [True, False, False]]))
    taken = padding.take(tokens, np.array([1, -1]), 2)
    assert taken.ids.tolist() == [[6, 0], [0, 0]] and taken.mask.tolist() == [[True, False], [False, False]]
