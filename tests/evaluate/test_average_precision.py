"""Agrees with scikit-learn label by label, ties included."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from jaxneuron.evaluate.average_precision import mean_average_precision


@pytest.mark.parametrize("levels", [2, 5, 10**9])  # many ties, some, none
@pytest.mark.parametrize("rows", [1, 2, 60])
def test_agrees_with_sklearn(levels, rows):
    rng = np.random.default_rng(levels % 97 + rows)
    score = rng.integers(0, levels, (rows, 8)) / levels - 0.5
    truth = rng.random((rows, 8)) < 0.3
    truth[0] = True  # sklearn has no answer for a label without positives
    expected = [average_precision_score(truth[:, label], score[:, label]) for label in range(8)]
    result = mean_average_precision(score, truth)
    assert result.per_label == pytest.approx(np.array(expected), abs=1e-12)
    assert result.mean == pytest.approx(np.mean(expected), abs=1e-12)
    assert result.positives.tolist() == truth.sum(axis=0).tolist()


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    score, truth = rng.integers(0, 4, (50, 3)) / 4, rng.random((50, 3)) < 0.5
    shuffled = rng.permutation(50)
    assert mean_average_precision(score, truth).mean == pytest.approx(
        mean_average_precision(score[shuffled], truth[shuffled]).mean, abs=1e-12
    )


def test_a_label_without_positives_is_left_out_of_the_mean():
    score = np.array([[0.9, 0.1], [0.2, 0.3]])
    result = mean_average_precision(score, np.array([[1, 0], [0, 0]]))
    assert result.mean == 1.0
    assert result.per_label[0] == 1.0 and np.isnan(result.per_label[1])


def test_constant_scores_reach_what_chance_reaches():
    truth = np.arange(10)[:, None] < 3
    assert mean_average_precision(np.zeros((10, 1)), truth).mean == pytest.approx(0.3)


def test_nan_shows_and_emptiness_is_nan():
    assert np.isnan(mean_average_precision(np.array([[np.nan], [1.0]]), np.array([[1], [0]])).mean)
    assert np.isnan(mean_average_precision(np.ones((3, 1)), np.zeros((3, 1), int)).mean)
    assert np.isnan(mean_average_precision(np.zeros((0, 2)), np.zeros((0, 2), int)).per_label).all()


def test_a_truth_of_other_numbers_is_an_error():
    with pytest.raises(ValueError, match="put a threshold on it first"):
        mean_average_precision(np.ones((2, 1)), np.array([[0.5], [1.0]]))
