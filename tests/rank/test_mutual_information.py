import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from jaxneuron.rank import mutual_information


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 210).astype(np.int32)
    activations = rng.normal(size=(210, 5)).astype(np.float32)
    activations[:, 1] = np.round(activations[:, 1])  # ties
    activations[:, 2] = np.abs(activations[:, 2]) * (1 + 3 * (labels == 1)) * rng.choice([-1, 1], 210)  # no line
    activations[:, 3] = 2
    return activations, labels


def binned(values, bins):
    """Put values into bins by the rule of the module, in another way."""
    ends = np.sort(values)[[-(-b * len(values) // bins) - 1 for b in range(1, bins)]]
    return np.array([np.sum(value > ends) for value in values])


@pytest.mark.parametrize("bins", [2, 7, 10])
def test_it_agrees_with_scikit_learn_on_the_same_bins(data, bins):
    activations, labels = data
    codes = [binned(values, bins) for values in activations.T]
    whole = [mutual_info_score(labels, code) / np.log(2) for code in codes]
    np.testing.assert_allclose(mutual_information.rank(None, *data, bins=bins).score, [whole], atol=1e-6)
    concepts = np.stack([labels == 2, labels < 2, labels == 1], axis=1)
    each = [[mutual_info_score(held, code) / np.log(2) for code in codes] for held in concepts.T]
    found = mutual_information.rank(None, activations, concepts, bins=bins)
    np.testing.assert_allclose(found.score, each, atol=1e-6)
    assert bins == 2 or found.order[2, 0] == 2  # this unit has no line


def test_numbers_are_binned_too(data):
    activations, _ = data
    numbers = activations[:, [2, 1]] ** 2
    found = mutual_information.rank(None, activations, numbers, bins=5).score
    for row, number in enumerate(numbers.T):
        wanted = [mutual_info_score(binned(number, 5), binned(x, 5)) / np.log(2) for x in activations.T]
        np.testing.assert_allclose(found[row], wanted, atol=1e-6)


def test_a_unit_that_tells_all_tells_the_entropy():
    labels = np.arange(400, dtype=np.int32) % 4
    score = mutual_information.rank(None, labels[:, None].astype(np.float32), labels, bins=4).score
    assert score[0, 0] == pytest.approx(2.0, abs=1e-6)


def test_the_correction_takes_the_bias_off():
    rng = np.random.default_rng(0)
    noise, labels = rng.normal(size=(300, 40)).astype(np.float32), rng.integers(0, 5, 300).astype(np.int32)
    plain, corrected = (mutual_information.rank(None, noise, labels, corrected=c).score.mean() for c in (False, True))
    assert plain == pytest.approx(9 * 4 / (2 * 300 * np.log(2)), rel=0.15)
    assert abs(corrected) < plain / 10


def test_any_increasing_function_of_a_unit_tells_the_same(data):
    activations, labels = data
    one, other = (mutual_information.rank(None, x, labels).score for x in (activations, np.exp(activations / 4)))
    np.testing.assert_allclose(one, other, atol=1e-7)


def test_one_bin_is_refused(data):
    with pytest.raises(ValueError, match="at least 2 bins, got 1"):
        mutual_information.rank(None, *data, bins=1)


@pytest.mark.parametrize("corrected", [False, True])
def test_there_may_be_as_many_classes_as_tokens(data, corrected):
    activations, _ = data
    labels = np.random.default_rng(1).integers(0, 2**20, 210)
    found = mutual_information.rank(None, activations, labels, bins=7, corrected=corrected).score[0]
    codes = [binned(values, 7) for values in activations.T]
    wanted = np.array([mutual_info_score(labels, code) / np.log(2) for code in codes])
    bias = [(len(set(code)) - 1 + len(set(labels)) - len(set(zip(labels, code, strict=True)))) / 420 for code in codes]
    np.testing.assert_allclose(found, wanted + corrected * np.array(bias) / np.log(2), atol=1e-6)
