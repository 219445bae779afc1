"""Information is in bits, never infinite, and exactly all of it where labels are separable."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import log_loss

from jaxneuron.evaluate.information import FLOOR, best_so_far, entropy, information

LABELS = np.array([0, 1, 2, 3] * 5, np.int32)


@pytest.mark.parametrize("sure", [60.0, np.inf])
def test_separable_labels_have_all_of_the_information(sure):
    told = information(np.where(np.eye(4, dtype=bool)[LABELS], sure, 0.0), LABELS)
    assert (told.entropy, told.cross_entropy, told.mutual_information) == (2.0, 0.0, 2.0)  # NeuroX: "NMI" 1.44
    assert told.normalised == 1.0 and told.accuracy == 1.0


def test_agrees_with_scikit_learn_and_scipy():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 4)), np.append(rng.integers(4, size=46), np.arange(4))
    told = information(logits, labels)
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(told.cross_entropy, log_loss(labels, share) / np.log(2), rtol=1e-9)
    np.testing.assert_allclose(told.entropy, stats.entropy(np.bincount(labels), base=2), rtol=1e-9)
    np.testing.assert_allclose(told.accuracy, np.mean(logits.argmax(axis=1) == labels))
    np.testing.assert_allclose(information(logits + 1e4, labels).cross_entropy, told.cross_entropy, rtol=1e-9)


def test_many_probes_are_a_loop_of_single_ones():
    logits = np.random.default_rng(1).normal(size=(2, 3, 20, 4))
    together = information(logits, LABELS)
    for i in np.ndindex(2, 3):
        assert all(a[i] == b for a, b in zip(together, information(logits[i], LABELS), strict=True))


def test_knowing_nothing_and_being_surely_wrong():
    nothing = information(np.zeros((20, 4)), LABELS)
    np.testing.assert_allclose([nothing.mutual_information, nothing.normalised], 0, atol=1e-12)
    wrong = information(np.where(np.eye(4, dtype=bool)[LABELS], -np.inf, 0.0), LABELS)
    assert wrong.cross_entropy == -FLOOR and wrong.accuracy == 0


def test_a_label_that_training_had_not_is_wrong_and_finite():
    logits = np.where(np.eye(3, dtype=bool)[np.minimum(LABELS, 2)], 60.0, 0.0)
    told = information(logits, LABELS, floor=-8)
    assert told.accuracy == 0.75 and told.cross_entropy == 0.25 * 8
    impossible = information(np.full((20, 4), -np.inf), LABELS)
    assert impossible.cross_entropy == 2.0


def test_concepts_have_a_number_each_and_two_classes_agree_with_one_concept():
    rng = np.random.default_rng(2)
    truth, logits = rng.random((30, 3)) < 0.4, rng.normal(size=(2, 30, 3))
    told = information(logits, truth)
    assert told.accuracy.shape == (2, 3)
    two = np.stack([np.zeros((2, 30)), logits[..., 1]], axis=-1)
    for concept, one in [(truth[:, 1], logits[..., 1:2]), (truth[:, 1], two), (truth[:, 1].astype(int), two)]:
        for a, b in zip(information(one, concept), told, strict=True):
            np.testing.assert_allclose(a, b[:, 1], rtol=1e-12)


def test_degenerate_data():
    assert np.isnan(information(np.zeros((3, 2)), np.zeros(3, int)).normalised)
    lost = information(np.array([[np.nan, 0.0], [0.0, 9.0]]), np.array([0, 1]))
    assert np.isnan(lost.cross_entropy) and lost.accuracy == 0.5
    assert entropy(np.zeros((4, 2), bool)).tolist() == [0, 0]
    assert best_so_far(np.array([[1.0, np.nan, 2.0], [3.0, 1.0, -9.0]])).tolist() == [[1, 1, 2], [3, 3, 3]]


@pytest.mark.parametrize(
    ("logits", "labels", "word"),
    [
        (np.zeros((3, 2)), np.zeros(4, int), "same tokens"),
        (np.zeros((3, 2)), np.zeros((3, 3), bool), "logit per concept"),
        (np.zeros((3, 2)), np.array([0, -1, 1]), "classes from 0"),
    ],
)
def test_what_does_not_fit_is_named(logits, labels, word):
    with pytest.raises(ValueError, match=word):
        information(logits, labels)
