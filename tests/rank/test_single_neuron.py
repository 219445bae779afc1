import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.svm import LinearSVC

from jaxneuron.rank import single_neuron
from jaxneuron.rank.single_neuron import Settings
from jaxneuron.ranking import ranked

FOLDS = np.arange(120) % 3


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120).astype(np.int32)
    activations = rng.normal(size=(120, 6)).astype(np.float32)
    activations[:, 1] += 2 * (labels == 1)
    activations[:, 2] = np.round(activations[:, 2] - 2 * (labels == 2))  # ties
    activations[:, 3] = 2.5
    activations[:, 4] = 10 * (labels == 0)  # nobody errs
    activations[:, 5] += 30  # the bias is held small, so this matters
    return activations, labels


@pytest.mark.parametrize("cost", [1.0, 0.01])
def test_it_agrees_with_scikit_learns_machines(data, cost):
    activations, labels = data
    found = single_neuron.scores(None, *data, folds=FOLDS, settings=Settings(cost=cost, standardise=False))
    for label in range(3):
        held = labels == label
        for unit in range(6):
            x = activations[:, [unit]].astype(float)
            said, weights = np.zeros(120, bool), []
            for fold in range(3):
                machine = LinearSVC(C=cost, dual=False, tol=1e-9, max_iter=10**5)
                machine.fit(x[FOLDS != fold], held[FOLDS != fold])
                said[FOLDS == fold] = machine.predict(x[FOLDS == fold])
                weights.append([machine.coef_[0, 0], machine.intercept_[0]])
            ours = [found.weight[label, unit], found.bias[label, unit]]
            np.testing.assert_allclose(ours, np.mean(weights, axis=0), atol=1e-5, rtol=1e-5)
            assert found.accuracy[label, unit] == pytest.approx(np.mean(said == held), abs=0.01)
            assert found.balanced[label, unit] == pytest.approx(balanced_accuracy_score(held, said), abs=0.02)


@pytest.mark.parametrize("cost", [1.0, 0.01])
def test_logistic_regression_agrees_with_scikit_learns(data, cost):
    activations, labels = data
    found = single_neuron.scores(
        None, *data, folds=FOLDS, settings=Settings(loss="logistic", cost=cost, standardise=False)
    )
    for label in range(3):
        held = labels == label
        for unit in range(6):
            x = activations[:, [unit]].astype(float)
            said, weights = np.zeros(120, bool), []
            for fold in range(3):
                machine = LogisticRegression(C=cost, solver="newton-cholesky", tol=1e-9, max_iter=10**4)
                machine.fit(x[FOLDS != fold], held[FOLDS != fold])
                said[FOLDS == fold] = machine.predict(x[FOLDS == fold])
                weights.append([machine.coef_[0, 0], machine.intercept_[0]])
            ours = [found.weight[label, unit], found.bias[label, unit]]
            np.testing.assert_allclose(ours, np.mean(weights, axis=0), atol=2e-4, rtol=2e-4)
            assert found.accuracy[label, unit] == pytest.approx(np.mean(said == held), abs=0.01)
            assert found.balanced[label, unit] == pytest.approx(balanced_accuracy_score(held, said), abs=0.02)


@pytest.mark.parametrize("loss", ["squared_hinge", "logistic"])
def test_balanced_machines_agree_with_scikit_learns_and_find_a_rare_label(loss):
    rng = np.random.default_rng(5)
    rare = rng.random(2000) < 0.02
    activations = rng.normal(size=(2000, 3)).astype(np.float32)
    activations[:, 1] += 2 * rare
    folds = rng.permutation(2000) % 4
    settings = Settings(loss=loss, standardise=False)
    options = {"folds": folds, "settings": settings}
    even = settings._replace(class_weight="balanced")
    found = single_neuron.scores(None, activations, rare, folds=folds, settings=even)
    same = single_neuron.rank(None, activations, rare, by="balanced", **options).score[0]
    for unit in range(3):
        said, weights = np.zeros(2000, bool), []
        for fold in range(4):
            machine = (
                LinearSVC(dual=False, tol=1e-9, max_iter=10**5, class_weight="balanced")
                if loss == "squared_hinge"
                else LogisticRegression(solver="newton-cholesky", tol=1e-9, class_weight="balanced")
            )
            x = activations[:, [unit]].astype(float)
            machine.fit(x[folds != fold], rare[folds != fold])
            said[folds == fold] = machine.predict(x[folds == fold])
            weights.append([machine.coef_[0, 0], machine.intercept_[0]])
        ours = [found.weight[0, unit], found.bias[0, unit]]
        np.testing.assert_allclose(ours, np.mean(weights, axis=0), atol=1e-3, rtol=1e-3)
        assert found.balanced[0, unit] == pytest.approx(balanced_accuracy_score(rare, said), abs=1e-3)
        assert same[unit] == pytest.approx(found.balanced[0, unit], abs=1e-6)
    alike = single_neuron.scores(None, activations, rare, **options)
    assert found.balanced[0, 1] > 0.8 > 0.6 > alike.balanced[0, 1]


def test_accuracies_are_those_of_scikit_learns_cross_validation():
    rng = np.random.default_rng(3)
    concepts = rng.random((1500, 3)) < [0.03, 0.2, 0.6]
    activations = np.tanh(rng.normal(size=(1500, 4)) + concepts @ rng.normal(size=(3, 4)) * 2).astype(np.float32)
    folds = rng.permutation(1500) % 20
    found = single_neuron.scores(None, activations, concepts, folds=folds, settings=Settings(standardise=False))
    for label, held in enumerate(concepts.T):
        for unit in range(4):
            said = cross_val_predict(LinearSVC(), activations[:, [unit]], held, cv=PredefinedSplit(folds))
            assert found.accuracy[label, unit] == pytest.approx(np.mean(said == held), abs=0.005)
            assert found.balanced[label, unit] == pytest.approx(balanced_accuracy_score(held, said), abs=0.005)


@pytest.mark.parametrize("loss", ["squared_hinge", "logistic"])
def test_a_label_that_all_of_a_fold_have_is_no_trouble(loss):
    labels = np.repeat([0, 1, 2], [2, 58, 60])
    activations = np.stack([labels == 0, np.arange(120) % 7, np.ones(120)], axis=1).astype(np.float32)
    folds = np.where(labels == 0, 0, 1 + np.arange(120) % 2)  # without label 0, and then with all of it
    found = single_neuron.scores(None, activations, labels, folds=folds, settings=Settings(loss=loss))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.accuracy[0], 118 / 120)
    np.testing.assert_allclose(found.balanced[0], 0.5)


def test_the_best_units_reach_the_minimum():
    found = single_neuron.best(ranked(jnp.array([[0.6, jnp.nan, 0.9, 0.8], [0.1, 0.2, 0.3, 0.2]])), minimum=0.6, k=3)
    assert found.unit.tolist() == [[2, 3, 0], [-1, -1, -1]] and found.count.tolist() == [3, 0]
    np.testing.assert_allclose(found.score[0], [0.9, 0.8, 0.6])
    assert np.isnan(found.score[1]).all()
    assert single_neuron.best(ranked(jnp.ones(3)), k=2).unit.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="k as 1 or more"):
        single_neuron.best(ranked(jnp.ones(3)), k=0)


def test_gain_is_over_the_more_frequent_side(data):
    activations, labels = data
    found = single_neuron.scores(None, *data, folds=4)
    share = np.array([max(np.mean(labels == c), np.mean(labels != c)) for c in range(3)])[:, None]
    np.testing.assert_allclose(found.gain, found.accuracy - share)
    np.testing.assert_allclose(found.gain[:, 3], 0, atol=1e-9)  # a constant names it always
    assert found.accuracy[0, 4] == found.balanced[0, 4] == 1
    ranked = single_neuron.rank(None, *data, folds=4, by="balanced", settings=Settings(class_weight="uniform"))
    np.testing.assert_allclose(ranked.score, found.balanced, rtol=1e-6)
    assert ranked.order[:, 0].tolist() == [4, 1, 2]


def test_numbers_are_fitted_by_least_squares_as_by_scikit_learn(data):
    activations, _ = data
    rng = np.random.default_rng(1)
    numbers = np.stack([3 * activations[:, 0] + rng.normal(size=120), activations[:, 5] ** 2], axis=1)
    numbers = numbers.astype(np.float32)
    found = single_neuron.rank(None, activations, numbers, folds=FOLDS).score
    for row, number in enumerate(numbers.T.astype(float)):
        for unit in range(6):
            x = activations[:, [unit]].astype(float)
            said = cross_val_predict(LinearRegression(), x, number, cv=PredefinedSplit(FOLDS))
            assert found[row, unit] == pytest.approx(r2_score(number, said), abs=1e-5)


def test_classes_are_dealt_evenly_and_by_the_key():
    labels = np.repeat([0, 1], [90, 30]).astype(np.int32)
    one, same, other = (single_neuron._folds(jax.random.key(key), 6, labels, 120) for key in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.any(one != other)
    assert np.bincount(one[:90]).tolist() == [15] * 6 and np.bincount(one[90:]).tolist() == [5] * 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "expected 2 to 120 folds, got 1"),
        ({"folds": 121}, "expected 2 to 120 folds"),
        ({"folds": FOLDS[:-1]}, "a fold for each of the 120 tokens"),
        ({"folds": FOLDS * 0}, "at least two of them"),
        ({"folds": 3, "settings": Settings(cost=0.0)}, "a cost above 0"),
        ({"folds": 3, "settings": Settings(loss="hinge")}, "squared_hinge"),
        ({"folds": 3, "settings": Settings(class_weight="even")}, "balanced"),
    ],
    ids=str,
)
def test_wrong_options_are_named(data, options, message):
    with pytest.raises(Exception, match=message):
        single_neuron.rank(None, *data, **options)
