"""Associations agree with counting by hand; names are told in all their forms."""

import numpy as np
import pytest

from jaxneuron.evaluate.naming import Naming, associated_words, name_forms, named
from jaxneuron.types import Tokens, Vocabulary

WORDS = "a Dog dogs leash street traffic lights cellphone man people skis knives bus phone cell".split()


def test_scores_agree_with_counting_by_hand():
    rng = np.random.default_rng(0)
    vocabulary_size, images, labels, min_count = 9, 25, 4, 2
    ids = rng.integers(0, vocabulary_size - 1, (60, 4))
    mask = np.arange(4) < rng.integers(1, 5, 60)[:, None]
    image = rng.integers(0, images, 60)
    features = rng.normal(size=(images, labels))
    result = associated_words(
        Tokens(ids, mask), image, features, vocabulary_size=vocabulary_size, count=3, min_count=min_count
    )
    said = {i: {int(w) for row in np.flatnonzero(image == i) for w in ids[row][mask[row]]} for i in set(image.tolist())}
    n = len(said)
    for label in range(labels):
        on = {i for i in said if features[i, label] > 0}
        expected = np.zeros(vocabulary_size)
        for word in range(vocabulary_size):
            having = {i for i in said if word in said[i]}
            both = len(on & having) / n
            if len(on & having) >= min_count:
                expected[word] = np.log(both / (len(on) / n * len(having) / n)) / -np.log(both)
        assert result.score[label] == pytest.approx(expected, abs=1e-12)
        best = sorted(range(vocabulary_size), key=lambda word: (-expected[word], word))[:3]  # noqa: B023
        assert np.flatnonzero(result.words[label]).tolist() == sorted(w for w in best if expected[w] > 0)


def test_a_planted_word_scores_one_and_a_word_of_all_images_nothing():
    image = np.arange(8)
    features = (image % 2 == 0)[:, None]
    captions = Tokens(np.stack([np.zeros(8, int), np.where(features[:, 0], 1, 2)], axis=1), np.ones((8, 2), bool))
    result = associated_words(captions, image, features, vocabulary_size=4, min_count=2)
    assert result.score[0].tolist() == pytest.approx([0, 1, 0, 0])
    assert result.words[0].tolist() == [False, True, False, False]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_label_of_no_image_or_of_all_stays_finite(value):
    captions = Tokens(np.array([[0, 1], [0, 2]]), np.ones((2, 2), bool))
    result = associated_words(captions, np.arange(2), np.full((2, 1), value), vocabulary_size=3, min_count=1)
    assert np.isfinite(result.score).all() and not result.words.any()


@pytest.mark.parametrize(
    ("ngram", "name", "says"),
    [
        ("a dogs street", "dog", True),
        ("Dog", "dog", True),
        ("a leash street", "dog", False),
        ("lights a traffic", "traffic light", True),
        ("a traffic street", "traffic light", False),
        ("phone dogs cell", "cell phone", True),
        ("a cellphone", "cell phone", True),
        ("people street", "person", True),
        ("a man", "person", True),
        ("skis", "skis", True),
        ("knives a", "knife", True),
        ("a bus", "bus", True),
        ("a bus", "", False),
    ],
)
def test_names_in_all_their_forms(ngram, name, says):
    ids = np.array([[WORDS.index(word) for word in ngram.split()]])
    vocabulary = Vocabulary(tuple(WORDS), np.ones(len(WORDS), int))
    result = named(Tokens(ids, np.ones(ids.shape, bool)), [name], vocabulary, np.zeros((1, len(WORDS)), bool))
    assert result.names.tolist() == [says]
    assert result.share.tolist() == [0.0]


def test_plurals():
    assert "sandwiches" in name_forms("sandwich") and "strawberries" in name_forms("strawberry")
    assert "mice" in name_forms("mouse") and "wolves" in name_forms("wolf")
    assert "glas" not in name_forms("glass")


def test_padding_does_not_count():
    vocabulary = Vocabulary(("dog", "leash", "a"), np.ones(3, int))
    found = Tokens(np.array([[1, 2, 0], [2, 1, 1], [0, 0, 0]]), np.arange(3) < np.array([[2], [3], [0]]))
    associated = np.array([[True, True, False]] * 3)
    result = named(found, ["dog"] * 3, vocabulary, associated)
    expected = Naming(np.zeros(3, bool), np.array([True, True, False]), np.array([1 / 2, 2 / 3, np.nan]))
    for field, value in zip(result, expected, strict=True):
        np.testing.assert_allclose(field, value)


def test_errors_say_what_to_do():
    vocabulary = Vocabulary(("dog", "leash"), np.ones(2, int))
    found = Tokens(np.array([[0, 1]]), np.ones((1, 2), bool))
    with pytest.raises(ValueError, match="got 2 names"):
        named(found, ["dog", "cat"], vocabulary, np.zeros((1, 2), bool))
    with pytest.raises(ValueError, match="image numbers from 0 to 0"):
        associated_words(found, np.array([1]), np.ones((1, 1)), vocabulary_size=2)
