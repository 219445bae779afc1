import numpy as np
import pytest

from jaxneuron.evaluate.learned_together import learned_together

TOKENS = 2000
SCORE = np.array([0.7, 0.9, 0.95, 0.8, 0.6, 0.85, 0.99])


@pytest.fixture
def data():
    """Units 0, 1 and 3 share an error, in which 3 goes down; 2 and 5 share another; 4 scores little; 6 never errs."""
    rng = np.random.default_rng(0)
    label = rng.random(TOKENS) < 0.3
    error = rng.normal(size=(TOKENS, 2))
    own = 0.3 * rng.normal(size=(TOKENS, 7))
    shared = error[:, [0, 0, 1, 0, 0, 1, 1]] * [1, 1, 1, -1, 1, 1, 0]
    activations = 4 * label[:, None] * [1, 1, 1, -1, 1, -1, 1] + shared + own * [1, 1, 1, 1, 1, 1, 0] + 100
    return activations.astype(np.float32), label


def members(found):
    return [np.flatnonzero(row).tolist() for row in found.mask]


def test_units_that_err_together_are_a_cluster_whatever_their_sign(data):
    found = learned_together(*data, SCORE, minimum=0.65)
    assert members(found) == [[0, 1, 3], [2, 5], [6]]
    assert found.best.tolist() == [1, 2, 6] and found.member.tolist() == [6, 2, 1, 5, 3, 0]


def test_the_correlation_is_that_of_the_residuals(data):
    activations, label = data
    found = learned_together(*data, SCORE, minimum=0.65, budget=100_000)
    means = np.where(label[:, None], activations[label].mean(axis=0), activations[~label].mean(axis=0))
    known = found.member[1:]  # the first never errs
    wanted = np.corrcoef((activations - means)[:, known].astype(float).T)
    np.testing.assert_allclose(found.correlation[1:, 1:], wanted, atol=1e-4)
    assert np.all(np.abs(np.corrcoef(activations[:, known].T)) > 0.5)  # the label alone would make one cluster


def test_classes_and_numbers_are_taken_off_as_well(data):
    activations, _ = data
    rng = np.random.default_rng(1)
    for label in (rng.integers(0, 4, TOKENS), rng.normal(size=TOKENS)):
        codes = np.array([0.0, 5.0, -3.0, 1.0])[label] if label.dtype.kind == "i" else 5 * label
        noise = rng.normal(size=(TOKENS, 2))
        found = learned_together(codes[:, None] + noise, label, np.ones(2), minimum=0.5, least=0.2)
        assert len(found.mask) == 2 and abs(found.correlation[0, 1]) < 0.1
        assert len(learned_together(codes[:, None] + noise[:, [0, 0]], label, np.ones(2), minimum=0.5).mask) == 1


def test_few_units_are_no_trouble(data):
    assert learned_together(*data, SCORE, minimum=2.0).mask.shape == (0, 7)
    assert members(learned_together(*data, SCORE, minimum=0.99)) == [[6]]
    everyone = learned_together(*data, SCORE, minimum=0.0, least=0.0)
    assert len(everyone.mask) == 1 and everyone.mask.all()


def test_what_cannot_be_clustered_is_named(data):
    activations, label = data
    with pytest.raises(ValueError, match="a correlation between 0 and 1"):
        learned_together(activations, label, SCORE, minimum=0.5, least=1.5)
    with pytest.raises(ValueError, match="finite labels"):
        learned_together(activations, np.full(TOKENS, np.nan), SCORE, minimum=0.5)
    with pytest.raises(TypeError, match="expected the label as"):
        learned_together(activations, np.full(TOKENS, "a"), SCORE, minimum=0.5)
    activations[7, 2] = np.nan
    with pytest.raises(ValueError, match="unit 2 at token 7 is not finite"):
        learned_together(activations, label, SCORE, minimum=0.5)
