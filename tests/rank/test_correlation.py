import numpy as np
import pytest
from scipy import stats

from jaxneuron import batching
from jaxneuron.rank import correlation


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120).astype(np.int32)
    activations = rng.normal(size=(120, 6)).astype(np.float32)
    activations[:, 1] += 1000  # a mean far from zero
    activations[:, 2] = np.round(activations[:, 2])  # ties
    activations[:, 3] *= 1e-6
    return activations, labels


def expected(function, activations, columns):
    return [[function(column, values)[0] for values in activations.T.astype(float)] for column in columns]


def test_point_biserial_agrees_with_scipy(data):
    activations, labels = data
    wanted = expected(stats.pointbiserialr, activations, [labels == c for c in range(3)])
    np.testing.assert_allclose(correlation.rank(None, *data, signed=True).score, wanted, atol=1e-5)
    np.testing.assert_allclose(correlation.rank(None, *data).score, np.abs(wanted), atol=1e-5)


@pytest.mark.parametrize("by", ["pearson", "spearman"])
def test_numbers_agree_with_scipy(data, by):
    activations, _ = data
    numbers = np.stack([activations[:, 0] + 10 * activations[:, 4], np.round(activations[:, 5]) + 1e4], axis=1)
    wanted = expected({"pearson": stats.pearsonr, "spearman": stats.spearmanr}[by], activations, numbers.T)
    score = correlation.rank(None, activations, numbers, by=by, signed=True).score
    np.testing.assert_allclose(score, wanted, atol=2e-5)


def test_spearman_of_classes_agrees_with_scipy_and_needs_no_line(data):
    activations, labels = data
    wanted = expected(stats.spearmanr, activations, [labels == c for c in range(3)])
    score = correlation.rank(None, *data, by="spearman", signed=True).score
    np.testing.assert_allclose(score, wanted, atol=1e-5)
    few = activations[:, [0, 4, 5]]
    one, other = (correlation.rank(None, x, labels, by="spearman").score for x in (few, np.exp(few)))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("by", ["pearson", "spearman"])
def test_what_never_changes_has_no_correlation(data, by):
    activations, labels = data
    activations[:, 4] = 37.7
    assert np.all(correlation.rank(None, activations, labels, by=by).score[:, 4] == 0)
    concepts = np.stack([np.ones(120, bool), labels == 1], axis=1)
    assert np.all(correlation.rank(None, activations, concepts, by=by).score[0] == 0)


def test_a_unit_is_perfectly_correlated_with_itself(data):
    score = correlation.rank(None, *data[:1], data[0][:, 1]).score
    assert score[0, 1] == pytest.approx(1, abs=1e-6)


def test_init_update_finish_is_rank(data):
    state = batching.fold_rows(correlation.update, correlation.init(3, 6), *data, chunk=50)
    wanted = correlation.rank(None, *data, signed=True).score
    np.testing.assert_allclose(correlation.finish(state, signed=True).score, wanted, atol=1e-5)


def test_an_unknown_kind_is_named(data):
    with pytest.raises(Exception, match="kendall"):
        correlation.rank(None, *data, by="kendall")


def test_numbers_far_from_zero_keep_their_digits():
    seconds = 1.7e9 + np.arange(500.0)
    for by in ("pearson", "spearman"):
        assert correlation.rank(None, np.arange(500.0)[:, None], seconds, by=by).score[0, 0] == pytest.approx(1)
    late = np.arange(500) > 250
    found = correlation.rank(None, seconds[:, None], late, by="spearman").score
    np.testing.assert_allclose(found, correlation.rank(None, np.arange(500.0)[:, None], late, by="spearman").score)
    state = correlation.init(1, 1)
    for part in np.split(np.arange(500), 5):
        state = correlation.update(state, None, np.ones(100, bool), part[:, None], seconds[part, None])
    np.testing.assert_allclose(correlation.finish(state).score, 1, rtol=1e-6)


def test_a_range_whose_square_no_float_holds_is_named():
    wide = np.random.default_rng(0).normal(size=(50, 2)) * [1, 1e200]
    with pytest.raises(ValueError, match="unit 1 has a range of"):
        correlation.rank(None, wide, np.arange(50) % 2)
