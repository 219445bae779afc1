"""The list is closed-class English, and the share is a plain count."""

import numpy as np

from jaxneuron.corpora.function_words import CLASSES, WORDS, share


def test_share_counts_words_in_any_case():
    result = share([["The", "dog", "is", "NOT", "here"], ["dog"], []])
    np.testing.assert_allclose(result, [3 / 5, 0, np.nan])
    assert share([]).shape == (0,)


def test_each_class_is_there_and_content_is_not():
    for word in "a many behind herself could whereas which n't".split():
        assert word in WORDS
    for word in "man dog red sitting large two wooden street".split():
        assert word not in WORDS
    assert len(CLASSES) == 8 and all(word == word.lower() for word in WORDS)
    assert 150 <= len(WORDS) <= 250


def test_captions_have_about_two_fifths():
    text = "a man riding a wave on top of a surfboard . two dogs are playing with a ball in the park"
    assert 0.3 < share([text.split()])[0] < 0.6
