"""A random forest: scikit-learn's, with a key, for classes, concepts and numbers."""

import jax
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from jaxneuron.rank import forest

KEY = jax.random.key(0)


def planted(tokens=150, units=6):
    """Unit 4 tells the class, but only within a range; unit 1 tells a number."""
    rng = np.random.default_rng(0)
    activations = rng.normal(size=(tokens, units)).astype(np.float32)
    return activations, (np.abs(activations[:, 4]) < 0.7).astype(int), 3 * activations[:, 1]


def test_it_is_the_forest_of_scikit_learn():
    activations, labels, _ = planted()
    ranking = forest.rank(KEY, activations, labels, trees=10, jobs=1)
    seed = jax.random.randint(jax.random.split(KEY)[1], 1, 0, np.iinfo(np.int32).max)[0]
    peer = RandomForestClassifier(10, random_state=int(seed)).fit(activations, labels)
    np.testing.assert_allclose(ranking.score[0], peer.feature_importances_, rtol=1e-6)


def test_classes_concepts_and_numbers():
    activations, labels, numbers = planted()
    many = np.stack([labels == 1, numbers > 0, np.zeros(150, bool)], axis=1)
    ranking = forest.rank(KEY, activations, many, trees=10, jobs=1)
    assert ranking.score.shape == (3, 6) and ranking.order[:2, 0].tolist() == [4, 1]
    np.testing.assert_allclose(ranking.score.sum(axis=1), [1, 1, 0], rtol=1e-5)  # no split for what holds nowhere
    one = forest.rank(KEY, activations, labels == 1, trees=10, jobs=1)
    assert one.score.shape == (1, 6) and one.order[0, 0] == 4
    assert forest.rank(KEY, activations, numbers, trees=10, jobs=1).order[0, 0] == 1


def test_a_key_is_a_forest_and_another_key_another():
    activations, labels, _ = planted()
    first, again, other = (
        forest.rank(key, activations, labels, trees=5, jobs=1) for key in (KEY, KEY, jax.random.key(1))
    )
    np.testing.assert_array_equal(first.score, again.score)
    assert not np.array_equal(first.score, other.score)


def test_a_sample_of_tokens_where_not_all_fit():
    activations, labels, _ = planted(600)
    few = forest.rank(KEY, activations, labels, trees=20, jobs=1, budget=2 * 4 * 6 * 200)
    assert few.order[0, 0] == 4
    rows, part = forest._read(KEY, forest.Checked(activations), 2 * 4 * 6 * 200)
    assert len(rows) == 200 and np.all(np.diff(rows) > 0)
    np.testing.assert_array_equal(part, activations[rows])


def test_rare_labels_constant_units_and_bad_input():
    activations, labels, _ = planted()
    before = activations.copy()
    activations[:, 2], labels[0] = 1.0, 5
    score = forest.rank(KEY, activations, labels, trees=5, jobs=1).score
    assert np.isfinite(score).all() and score[0, 2] == 0
    np.testing.assert_array_equal(activations[:, [0, 1, 3, 4, 5]], before[:, [0, 1, 3, 4, 5]])
    with pytest.raises(ValueError, match="needs a key"):
        forest.rank(None, activations, labels)
    with pytest.raises(ValueError, match="at least one tree"):
        forest.rank(KEY, activations, labels, trees=0)
    with pytest.raises(ValueError, match="at least two labels"):
        forest.rank(KEY, activations, np.ones(150, int))
