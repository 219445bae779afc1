"""Correlation with the best unit: of the best, of the worst, and of all other models."""

import numpy as np
import pytest

from jaxneuron import comoments
from jaxneuron.compare import max_correlation, mean_correlation, min_correlation


def models():
    """Return a model, and two others with one unit of it each, and one of both."""
    random = np.random.default_rng(0)
    a = random.normal(size=(2000, 3))
    noise = random.normal(size=(2, 2000, 3))
    first = np.stack([a[:, 0], -a[:, 1], noise[0, :, 0]], axis=1) + 0.1 * noise[0]
    second = np.stack([noise[1, :, 1], a[:, 0]], axis=1) + 0.5 * noise[1, :, :2]
    return a, first, second


def test_several_models_are_summed_up_as_bau_et_al_do():
    a, first, second = models()
    best = np.stack([np.abs(np.corrcoef(a.T, other.T)[:3, 3:]).max(axis=1) for other in (first, second)])
    for method, expected in (
        (max_correlation, best.max(axis=0)),
        (min_correlation, best.min(axis=0)),
        (mean_correlation, best.mean(axis=0)),
    ):
        np.testing.assert_allclose(method.compare(a, [first, second]).score, expected, atol=1e-6)
    assert max_correlation.compare(a, [first, second]).partner[:2].tolist() == [0, 1]
    assert min_correlation.compare(a, [first, second]).partner[0] == 4
    assert mean_correlation.compare(a, [first, second]).partner[:2].tolist() == [0, 1]


def test_a_unit_that_falls_counts_unless_it_is_told_otherwise():
    a, first, _ = models()
    assert max_correlation.compare(a, first).score[1] > 0.99
    found = max_correlation.compare(a, first, absolute=False)
    assert found.score[1] < 0.1 and found.table[1, 1] < -0.99


def test_the_table_is_numpy_s():
    a, first, second = models()
    expected = np.corrcoef(np.concatenate([a, first, second], axis=1).T)[:3, 3:]
    np.testing.assert_allclose(max_correlation.compare(a, [first, second]).table, expected, atol=1e-6)


@pytest.mark.parametrize("method", [max_correlation, min_correlation, mean_correlation])
def test_sums_of_different_texts_are_told(method):
    a, first, second = models()
    sums = comoments.over(a, first), comoments.over(a[:100], second[:100])
    with pytest.raises(ValueError, match="2,000 tokens x 3 units, 100 tokens"):
        method.finish(*sums)
    with pytest.raises(ValueError, match="at least 2 tokens"):
        method.finish(comoments.init(3, 3))
    with pytest.raises(ValueError, match="no sums"):
        method.finish()
