import numpy as np
import pytest

from jaxneuron.corpora import vocabulary

SENTENCES = [["a", "dog", "runs"], ["a", "cat"], ["a", "dog", "and", "a", "cat", "<UNK>"]]


def test_ids_in_order_of_first_appearance():
    known = vocabulary.build(SENTENCES)
    assert known.words == ("<BEG>", "<END>", "<UNK>", "a", "dog", "runs", "cat", "and")
    assert known.counts.tolist() == [0, 0, 0, 4, 2, 1, 2, 1]


def test_round_trip():
    known = vocabulary.build(SENTENCES)
    tokens = vocabulary.encode(known, SENTENCES)
    assert tokens.ids.shape == tokens.mask.shape == (3, 6) and tokens.mask.sum(axis=1).tolist() == [3, 2, 6]
    assert vocabulary.decode(known, tokens) == SENTENCES
    assert (tokens.ids[~tokens.mask] == 0).all()


def test_unknown_words_and_length():
    known = vocabulary.build(SENTENCES, min_count=2)
    tokens = vocabulary.encode(known, SENTENCES, length=3)
    assert vocabulary.decode(known, tokens) == [["a", "dog", "<UNK>"], ["a", "cat"], ["a", "dog", "<UNK>"]]
    assert vocabulary.encode(known, [["a"]], length=4).mask.tolist() == [[True, False, False, False]]
    assert vocabulary.encode(known, []).ids.shape == (0, 0)


def test_candidates():
    known = vocabulary.build(SENTENCES)
    assert [known.words[i] for i in np.flatnonzero(vocabulary.candidates(known))] == ["a", "dog", "runs", "cat", "and"]
    assert [known.words[i] for i in np.flatnonzero(vocabulary.candidates(known, min_count=2))] == ["a", "dog", "cat"]


def test_the_share_of_unknown_words():
    known = vocabulary.build([["a", "dog"]])
    assert vocabulary.unknown_share(known, [["a", "cat"], ["cats", "dog", "dog"]]) == 0.4
    with pytest.raises(ValueError, match="no words"):
        vocabulary.unknown_share(known, [[]])
