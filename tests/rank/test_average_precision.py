import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from jaxneuron.rank import average_precision


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 150).astype(np.int32)
    activations = rng.normal(size=(150, 8)).astype(np.float32)
    activations[:, 1] = np.round(activations[:, 1])  # many ties
    activations[:, 2] = np.maximum(activations[:, 2], 0) * np.where(labels == 1, -1, 1)  # 0 and -0
    activations[:, 3] = 3.5
    activations[:, 4] *= 1e-42  # subnormal
    activations[:7, 5] = activations[0, 5]
    return activations, labels


def test_it_agrees_with_scikit_learn_also_on_ties(data):
    activations, labels = data
    concepts = np.concatenate([labels[:, None] == np.arange(4), labels[:, None] < [1, 2, 3]], axis=1)
    found = average_precision.scores(activations, concepts)
    for row, held in enumerate(concepts.T):
        for unit, values in enumerate(activations.T.astype(float)):
            assert found.rising[row, unit] == pytest.approx(average_precision_score(held, values), abs=1e-12)
            assert found.falling[row, unit] == pytest.approx(average_precision_score(held, -values), abs=1e-12)
            assert found.auroc[row, unit] == pytest.approx(roc_auc_score(held, values), abs=1e-12)


def test_classes_are_concepts_and_the_better_sign_counts(data):
    activations, labels = data
    found = average_precision.scores(activations, labels[:, None] == np.arange(4))
    score = average_precision.rank(None, *data).score
    np.testing.assert_allclose(score, np.maximum(found.rising, found.falling), rtol=1e-6)
    np.testing.assert_allclose(average_precision.rank(None, *data, signed=True).score, found.rising, rtol=1e-6)
    np.testing.assert_allclose(average_precision.rank(None, -activations, labels).score, score, rtol=1e-6)


def test_any_increasing_function_of_a_unit_scores_the_same(data):
    activations, labels = data
    activations = activations[:, [0, 1, 5, 6]]
    curved = np.exp(activations)
    np.testing.assert_array_equal(
        average_precision.scores(curved, labels), average_precision.scores(activations, labels)
    )


def test_concepts_that_hold_nowhere_or_everywhere(data):
    concepts = np.stack([np.zeros(150, bool), np.ones(150, bool), np.zeros(150, bool)], axis=1)
    found = average_precision.scores(data[0], concepts)
    np.testing.assert_allclose(found.rising, np.array([[0.0], [1.0], [0.0]]) * np.ones((1, 8)))
    np.testing.assert_array_equal(found.auroc, 0.5)


def test_one_token_is_its_place(data):
    activations, labels = data
    highest = np.argsort(-activations[:, 0])
    for place in (0, 9):
        held = np.arange(150) == highest[place]
        assert average_precision.scores(activations, held).rising[0, 0] == pytest.approx(1 / (place + 1))


def test_a_class_beyond_all_counting_is_named():
    activations = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    for label in (2**31, 2**32):
        with pytest.raises(ValueError, match="numbers any names"):
            average_precision.rank(None, activations, np.array([0, 1, label, 1] * 10))
