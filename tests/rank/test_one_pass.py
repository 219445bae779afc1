import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import jaccard_score, mutual_info_score

from jaxneuron import batching
from jaxneuron.rank import iou, mutual_information, one_pass

SHARES = [0.1, 0.25, 0.5, 0.75, 0.9]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    concepts = rng.random((240, 3)) < [0.05, 0.3, 0.5]
    activations = (concepts @ rng.normal(size=(3, 5)) + rng.normal(size=(240, 5))).astype(np.float32)
    activations[:, 1] = np.round(activations[:, 1])  # ties
    activations[:, 2] += 1000  # a mean far from zero
    return activations, concepts


def test_each_score_agrees_with_a_library(data):
    activations, concepts = data
    found = one_pass.scores(*data, shares=SHARES)
    level = np.quantile(activations, np.sort(1 - np.array(SHARES)), axis=0, method="inverted_cdf")
    for label, held in enumerate(concepts.T):
        for unit, x in enumerate(activations.T):
            active = [y for edge in level[:, unit] for y in (x > edge, x <= edge)]
            at = label, unit
            bins = (x[:, None] > level[:, unit]).sum(axis=1)
            assert found.correlation[at] == pytest.approx(stats.pointbiserialr(held, x)[0], abs=1e-4)
            assert found.difference[at] == pytest.approx(x[held].mean() - x[~held].mean(), abs=1e-3)
            assert found.information[at] == pytest.approx(mutual_info_score(held, bins) / np.log(2), abs=1e-6)
            assert found.jaccard[at] == pytest.approx(max(jaccard_score(held, y, zero_division=0) for y in active))


def test_they_are_what_the_methods_say_one_by_one(data):
    activations, concepts = data
    found = one_pass.scores(*data, shares=(np.arange(1, 10) / 10).tolist())
    bits = mutual_information.rank(None, *data, bins=10).score
    np.testing.assert_allclose(found.information, bits, atol=1e-5)
    overlap = iou.scores(*data, shares=[0.1, 0.2, 0.3, 0.4, 0.5]).iou  # activations that tie are the only difference
    np.testing.assert_array_less(overlap[:, [0, 2, 3, 4]] - 1e-6, found.jaccard[:, [0, 2, 3, 4]])


def test_a_sample_of_the_tokens_may_tell_the_levels(data):
    found = one_pass.scores(*data, shares=SHARES, sample=60, budget=2000)
    level = np.quantile(data[0][:60], np.sort(1 - np.array(SHARES)), axis=0, method="inverted_cdf")
    state = batching.fold_rows(one_pass.update, one_pass.init(level, 3), *data, chunk=100)
    for one, other in zip(found, one_pass.finish(state), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_rank_is_by_the_size_of_a_score(data):
    found = one_pass.scores(*data)
    for by in one_pass.Associations._fields:
        np.testing.assert_allclose(one_pass.rank(None, *data, by=by).score, np.abs(getattr(found, by)), rtol=1e-6)


@pytest.mark.parametrize("options", [{"shares": [0.0]}, {"shares": []}, {"shares": [1.0]}, {"sample": 0}], ids=str)
def test_wrong_options_are_named(data, options):
    with pytest.raises(ValueError, match="shares between 0 and 1 and a sample"):
        one_pass.scores(*data, **options)
