"""Tests agree with scipy, their formulas and exact counts; what is undefined is nan, and nothing warns."""

import itertools
import warnings

import jax
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from scipy import stats

from jaxneuron.evaluate.statistics import corrected, difference, gain, paired


def test_agrees_with_scipy_and_formula():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40)).astype(np.float32)
    a += 0.5
    result = paired(a, b)
    reference = stats.ttest_rel(a.astype(float), b.astype(float))
    assert result.t == pytest.approx(reference.statistic, rel=1e-12)
    assert result.p == pytest.approx(reference.pvalue, rel=1e-12)
    assert result.t == pytest.approx(result.d_z * np.sqrt(40), rel=1e-9)
    assert result.mean_difference == pytest.approx(np.mean(a.astype(float) - b), rel=1e-6)
    assert (result.n, result.left_out) == (40, 0)


def test_swapping_the_sides_flips_the_sign():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 9))
    there, back = paired(a, b), paired(b, a)
    assert (there.t, there.d_z) == pytest.approx((-back.t, -back.d_z))
    assert there.p == pytest.approx(back.p)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("shift", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_variation_or_pairs_the_test_is_nan(n, shift, dtype):
    b = np.linspace(-3, 7, n).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = paired(b + dtype(shift), b)
    assert np.isnan([result.t, result.p, result.d_z]).all()
    assert result.n == n
    assert np.isnan(result.mean_difference) if n == 0 else result.mean_difference == pytest.approx(shift, abs=1e-6)


def test_small_but_real_differences_are_tested():
    b = np.linspace(100, 200, 6)
    assert np.isfinite(paired(b + np.array([1, 2, 1, 3, 1, 2]) * 1e-9, b).t)


def test_pairs_that_are_not_finite_are_left_out_and_counted():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 10))
    holes = a.copy()
    holes[[1, 4]] = np.nan, -np.inf
    keep = np.isfinite(holes)
    result = paired(holes, b)
    assert result == paired(a[keep], b[keep])._replace(left_out=2)
    assert result.n == 8


def test_unequal_lengths_are_an_error():
    with pytest.raises((ValueError, TypeCheckError)):
        paired(np.ones(3), np.ones(2))


def test_gain_is_free_of_scale_and_shift():
    rng = np.random.default_rng(3)
    score, baseline = rng.normal(size=(2, 6))
    spread = rng.uniform(0.5, 2, 6)
    assert gain(score, baseline, spread) == pytest.approx(gain(7 * score - 50, 7 * baseline - 50, 7 * spread))


def test_gain_of_a_dead_unit_is_nan_and_a_negative_spread_an_error():
    assert np.isnan(gain(np.ones(2), np.zeros(2), np.array([0.0, np.nan]))).all()
    with pytest.raises(ValueError, match="at least 0; got -1"):
        gain(np.ones(2), np.zeros(2), np.array([1.0, -1.0]))


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
