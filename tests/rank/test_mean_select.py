import numpy as np
import pytest

from jaxneuron import batching
from jaxneuron.rank import mean_select


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90).astype(np.int32)
    return (rng.normal(size=(90, 6)) + [0, 0, 500, 0, 0, 0]).astype(np.float32), labels


def test_it_is_the_difference_of_means_as_a_share_of_the_range(data):
    activations, labels = data
    held = labels == 1
    expected = (activations[held].mean(0) - activations[~held].mean(0)) / np.ptp(activations, axis=0)
    signed = mean_select.rank(None, activations, held, signed=True).score[0]
    np.testing.assert_allclose(signed, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(mean_select.rank(None, *data).score[1], abs(signed), rtol=1e-6)


def test_units_of_another_scale_score_the_same(data):
    activations, labels = data
    other = activations * np.array([1, -2, 4, 8, 0.5, 1], np.float32) + np.array([0, 1, 0, 5, 0, 0], np.float32)
    expected = mean_select.rank(None, *data).score
    np.testing.assert_allclose(mean_select.rank(None, other, labels).score, expected, atol=1e-4)


def test_concepts_that_hold_nowhere_or_everywhere_score_nothing(data):
    concepts = np.stack([np.zeros(90, bool), np.ones(90, bool), data[1] == 1], axis=1)
    score = mean_select.rank(None, data[0], concepts).score
    assert np.all(score[:2] == 0) and np.all(score[2] > 0)


def test_init_update_finish_is_rank(data):
    state = batching.fold_rows(mean_select.update, mean_select.init(3, 6), *data, chunk=40)
    expected = mean_select.rank(None, *data, signed=True).score
    np.testing.assert_allclose(mean_select.finish(state, signed=True).score, expected, atol=1e-4)
