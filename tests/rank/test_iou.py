import jax
import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from jaxneuron import batching
from jaxneuron.rank import iou


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200).astype(np.int32)
    activations = rng.normal(size=(200, 5)).astype(np.float32)
    activations[:, 1] = np.maximum(activations[:, 1], 0)
    activations[:, 2] += 2 * (labels == 1)
    activations[:, 3] -= 3 * (labels == 2)
    return activations, labels


def test_thresholds_agree_with_scikit_learns_jaccard(data):
    activations, labels = data
    found = iou.scores(*data, thresholds=[0.0, 0.7])
    for label in range(3):
        for unit, values in enumerate(activations.T):
            masks = {(s, t): values * s > t for s in (1, -1) for t in (0.0, 0.7)}
            scores = {way: jaccard_score(labels == label, mask, zero_division=0) for way, mask in masks.items()}
            assert found.iou[label, unit] == pytest.approx(max(scores.values()))
            sign, level = int(found.sign[label, unit]), abs(float(found.level[label, unit]))
            assert scores[sign, min((0.0, 0.7), key=lambda t: abs(t - level))] == pytest.approx(max(scores.values()))


def test_shares_are_of_the_highest_or_lowest_tokens(data):
    activations, labels = data
    found = iou.scores(*data, shares=[0.1, 0.3])
    order = np.argsort(activations[:, 3])
    for label in range(3):
        best = 0
        for count in (20, 60):
            for active in (order[:count], order[-count:]):
                held = set(np.flatnonzero(labels == label))
                best = max(best, len(held & set(active)) / len(held | set(active)))
        assert found.iou[label, 3] == pytest.approx(best)
    assert found.sign[2, 3] == -1 and found.sign[1, 2] == 1


def test_signed_leaves_the_falling_units_out(data):
    both, rising = iou.scores(*data), iou.scores(*data, signed=True)
    assert np.all(rising.iou <= both.iou) and np.all(rising.sign == 1) and rising.iou[2, 3] < both.iou[2, 3] / 2


def test_a_perfect_unit_overlaps_wholly(data):
    held = data[1] == 1
    found = iou.scores(np.stack([held, ~held], axis=1).astype(np.float32), held, thresholds=[0.5])
    np.testing.assert_array_equal(found.iou[0, :1], 1)


def test_a_concept_that_never_holds_and_a_unit_that_never_changes_overlap_with_nothing(data):
    activations, labels = data
    activations[:, 0] = 3
    concepts = np.stack([np.zeros(200, bool), labels == 1], axis=1)
    score = iou.rank(None, activations, concepts).score
    assert np.all(score[0] == 0) and score[1, 0] == 0 and np.all(score[1, 1:] > 0)


def test_init_update_finish_is_scores(data):
    activations, labels = data
    level = np.full((1, 5), 0.7, np.float32)
    state = batching.fold_rows(iou.update, iou.init(level, -level, labels=3), activations, labels, chunk=64)
    jax.tree.map(np.testing.assert_array_equal, iou.finish(state), iou.scores(*data, thresholds=[0.7]))


def test_wrong_levels_are_named(data):
    with pytest.raises(ValueError, match="got both"):
        iou.rank(None, *data, shares=[0.1], thresholds=[0.1])
    with pytest.raises(ValueError, match="expected shares as a list"):
        iou.rank(None, *data, shares=[0.0])
    with pytest.raises(ValueError, match="at most 0.5"):
        iou.rank(None, *data, shares=[0.7])
    with pytest.raises(ValueError, match="expected thresholds"):
        iou.rank(None, *data, thresholds=[-1.0])
