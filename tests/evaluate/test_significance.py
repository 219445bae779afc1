"""Corrections against scipy and a step by hand; a permutation test against all its permutations."""

import itertools

import jax
import numpy as np
import pytest
from scipy import stats

from jaxneuron.evaluate.significance import corrected, difference


def test_holm_steps_down_and_keeps_the_shape():
    p = np.array([[0.01, 0.02], [0.03, 0.9]])
    np.testing.assert_allclose(corrected(p).holm, [[0.04, 0.06], [0.06, 0.9]])
    np.testing.assert_allclose(corrected(p).benjamini_hochberg, stats.false_discovery_control(p.ravel()).reshape(2, 2))


def test_a_test_that_was_not_made_does_not_count():
    found = corrected(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(found.holm, [0.02, np.nan, 0.04])
    np.testing.assert_allclose(found.benjamini_hochberg, [0.02, np.nan, 0.04])
    assert np.isnan(corrected(np.array([np.nan])).holm).all()


def test_holm_bounds_false_finds_where_raw_p_values_do_not():
    p = np.random.default_rng(0).uniform(size=(400, 10))  # ten tests of nothing, many times over
    raw, holm = np.mean(p.min(axis=1) < 0.05), np.mean([corrected(row).holm.min() < 0.05 for row in p])
    assert raw > 0.3 and holm < 0.08


def test_a_difference_is_tested_by_all_its_permutations(key):
    a, b = np.array([1.0, 4.0, 5.0, 2.5]), np.array([0.5, 3.0, 2.0])
    every = np.concatenate([a, b])
    gaps = [every[list(one)].mean() - np.delete(every, list(one)).mean() for one in itertools.combinations(range(7), 4)]
    high = np.mean(np.array(gaps) >= gaps[0] - 1e-12)
    assert difference(key, a, b) == pytest.approx(2 * min(high, np.mean(np.array(gaps) <= gaps[0] + 1e-12)))


def test_what_is_wrong_is_named(key):
    with pytest.raises(ValueError, match="between 0 and 1"):
        corrected(np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="two or more"):
        difference(key, np.ones(1), np.ones(5))
    assert jax.numpy.isnan(corrected(np.array([np.nan, 0.5])).holm[0])
