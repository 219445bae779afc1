"""How well all units of another model predict each one."""

import numpy as np
import pytest

from jaxneuron import comoments
from jaxneuron.compare import linear_regression, max_correlation


def models(tokens=3000):
    """Return two models of which the second knows each unit of the first in part."""
    random = np.random.default_rng(0)
    b = random.normal(size=(tokens, 5)) @ random.normal(size=(5, 5))
    return b @ random.normal(size=(5, 4)) + random.normal(size=(tokens, 4)) * [0.1, 1, 3, 9], b


def least_squares(a, b):
    """Return the adjusted R2, by numpy."""
    x = np.concatenate([b, np.ones((len(b), 1))], axis=1)
    left = ((a - x @ np.linalg.lstsq(x, a, rcond=None)[0]) ** 2).sum(axis=0) / ((a - a.mean(axis=0)) ** 2).sum(axis=0)
    return 1 - left * (len(b) - 1) / (len(b) - 1 - b.shape[1])


def test_it_is_least_squares():
    a, b = models()
    found = linear_regression.compare(a, b)
    np.testing.assert_allclose(found.score**2, least_squares(a, b), atol=1e-5)
    shares = found.table.sum(axis=1)
    np.testing.assert_allclose(1 - (1 - shares) * 2999 / 2994, found.score**2, atol=1e-6)


def test_it_finds_at_least_what_a_single_unit_tells():
    a, b = models()
    assert np.all(linear_regression.compare(a, b).score > max_correlation.compare(a, b).score - 1e-3)


def test_many_units_do_not_fit_by_chance():
    random = np.random.default_rng(1)
    a, b = random.normal(size=(900, 40)), random.normal(size=(900, 300))
    found = linear_regression.compare(a, b)
    assert found.table.sum(axis=1).mean() > 0.3 and (found.score**2).mean() < 0.06


def test_units_that_say_the_same_share_it():
    a, b = models()
    twice = np.concatenate([b, b[:, ::-1]], axis=1)
    found, single = linear_regression.compare(a, twice), linear_regression.compare(a, b)
    np.testing.assert_allclose(found.score, single.score, atol=1e-4)
    np.testing.assert_allclose(found.table[:, :5], found.table[:, :4:-1], atol=1e-3)


def test_the_best_of_several_models():
    a, b = models()
    other = np.random.default_rng(4).normal(size=(3000, 3)) + a[:, 3:] * [0.2, 0, 0]
    found = linear_regression.compare(a, [b, other])
    each = np.stack([linear_regression.compare(a, one).score for one in (b, other)])
    np.testing.assert_allclose(found.score, each.max(axis=0))
    assert found.partner[3] == 5


@pytest.mark.parametrize("ridge", [0, -1, float("nan"), float("inf")])
def test_a_ridge_that_is_none(ridge):
    with pytest.raises(ValueError, match="expected a ridge above 0"):
        linear_regression.compare(*models(), ridge=ridge)


def test_what_cannot_be_solved_is_told():
    a, b = models()
    with pytest.raises(ValueError, match="give a larger one"):
        linear_regression.compare(a, np.concatenate([b, b, b, b], axis=1), ridge=1e-18)
    with pytest.raises(ValueError, match="5 tokens for 5 units"):
        linear_regression.compare(a[:5], b[:5])
    with pytest.raises(ValueError, match="one layer of it"):
        linear_regression.finish(comoments.over(a, b))
    with pytest.raises(ValueError, match="one layer of it"):
        linear_regression.finish(comoments.over(a, b, layers=((4,), (2, 3))))
