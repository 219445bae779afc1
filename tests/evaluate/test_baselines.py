"""Floors under a probe: majority, lexicon, and a representation that knows nothing."""

from functools import partial

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from jaxneuron.evaluate.baselines import baselines, lexicon, majority
from jaxneuron.rank import linear
from tests.evaluate import planted

FIT = partial(linear.fit, settings=linear.Settings(epochs=5, batch=16, learning_rate=0.05))


def test_a_trained_representation_beats_one_that_knows_nothing(key):
    data = planted.classes()
    noise = np.random.default_rng(9).normal(size=data.train[0].shape).astype(np.float32)
    found = baselines(key, data.train, data.test, (noise, noise), fit=FIT)
    assert found.trained.accuracy > 0.95 > 0.5 > found.untrained.accuracy
    np.testing.assert_allclose(
        found.gain, found.trained.accuracy - max(found.untrained.accuracy, found.majority), rtol=1e-6
    )
    with pytest.raises(ValueError, match="240 test tokens, got 5"):
        baselines(key, data.train, data.test, (noise, noise[:5]), fit=FIT)


def test_the_majority_is_scikit_learns():
    train, test = np.array([2, 0, 2, 1, 1, 2]), np.array([2, 1, 3, 2])
    dummy = DummyClassifier().fit(np.zeros((6, 1)), train)
    assert majority(train, test) == dummy.score(np.zeros((4, 1)), test)
    concepts = np.array([[True, False], [True, False], [False, True]])
    np.testing.assert_allclose(majority(concepts, concepts), [2 / 3, 2 / 3])


def test_a_lexicon_answers_with_the_most_frequent_label_of_a_word():
    words, labels = ["a", "run", "run", "run", "dog", "cat"], np.array([0, 1, 2, 2, 3, 3])
    assert lexicon(words, labels, ["a", "run", "new"], np.array([0, 2, 2])) == 1.0  # of 2 and 3 the lower
    with pytest.raises(ValueError, match="label for each word"):
        lexicon(words, labels[1:], words, labels)
