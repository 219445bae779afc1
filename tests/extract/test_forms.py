"""Two forms of a word as a model reads them: of several pieces, of unknown words, and without a difference."""

from types import SimpleNamespace

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from jaxneuron.corpora.agreement import Pair
from jaxneuron.extract import forms
from jaxneuron.types import Vocabulary

WORDS = ["<pad>", "<unk>", "the", "dog", "dogs", "bark", "barks", "is"]
PIECES = {"<unk>": 0, "the": 1, "dog": 2, "##s": 3, "bark": 4, "runs": 5, "here": 6, "ha": 7, "##ve": 8}


def pair(before, right, wrong, after="here", value=0):
    return Pair(tuple(before.split()), (right, wrong), tuple(after.split()), value, "plain", False)


def model(pieces):
    if not pieces:
        vocabulary = Vocabulary(tuple(WORDS), np.zeros(len(WORDS), np.int64))
        return SimpleNamespace(vocabulary=vocabulary, tokenizer=None, symbol="word", window=None)
    tokenizer = Tokenizer(models.WordPiece(PIECES, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vocabulary = Vocabulary(tuple(PIECES), np.zeros(len(PIECES), np.int64))
    return SimpleNamespace(vocabulary=vocabulary, tokenizer=tokenizer, symbol="piece", window=None)


def test_words_are_asked_for_at_the_place_before_them():
    found = forms.read(model(False), [pair("The dog", "barks.", "bark.", value=1), pair("the wolf", "bark", "barks")])
    assert found.kept.tolist() == [0] and found.own.tolist() == [1, 1]
    assert found.tokens.ids[:, :3].tolist() == [[2, 3, 6], [2, 3, 5]]  # in small letters, without the full stop
    assert found.answers.tolist() == [[-1, 6, -1], [-1, 5, -1]]
    assert found.where.tolist() == [[False, True, False]] * 2


def test_a_form_of_several_pieces_is_asked_for_whole_and_turned_where_the_two_part():
    found = forms.read(model(True), [pair("the dog", "has", "have"), pair("the dogs", "bark", "barks")])
    assert found.kept.tolist() == [0, 1]
    assert found.answers[0].tolist()[1:4] == [7, 3, 6] and found.answers[1].tolist()[1:4] == [7, 8, 6]
    assert (
        found.where[0].tolist()
        == found.where[1].tolist()
        == [False, False, True, False, False, False][: len(found.where[0])]
    )
    assert found.answers[2].tolist()[2:4] == [4, 6] and found.answers[3].tolist()[2:5] == [4, 3, 6]
    some = found.some(np.array([False, True]))
    assert some.kept.tolist() == [1] and len(some.tokens.ids) == len(some.answers) == 2


@pytest.mark.parametrize(
    "wrong", [pair("the dogs", "bark", "barks", after=""), pair("the", "zebra", "barks"), pair("", "bark", "runs")]
)
def test_what_cannot_be_told_apart_is_left_out(wrong):
    with pytest.raises(ValueError, match="reads none of 1 pairs"):
        forms.read(model(True), [wrong])
