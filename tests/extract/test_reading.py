"""Text is read as the model reads it, whatever its symbols are, and each of them knows its word."""

from typing import NamedTuple

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from jaxneuron.corpora import vocabulary
from jaxneuron.extract import reading
from jaxneuron.types import Vocabulary

TEXT = [["the", "dogs"], ["1 000", "cat"]]


class Reader(NamedTuple):
    vocabulary: Vocabulary
    tokenizer: Tokenizer | None = None
    symbol: str = "word"
    window: int | None = None


@pytest.fixture
def readers():
    pieces = ["[UNK]", "[CLS]", "[SEP]", "the", "dog", "##s", "cat", "1", "000"]
    tokenizer = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    none = np.zeros(0, int)
    return {
        "piece": Reader(Vocabulary(tuple(pieces), none), tokenizer),
        "word": Reader(vocabulary.build([["the", "1 000", "dogs"]])),
        "character": Reader(vocabulary.build(["the dogs1 0"]), symbol="character"),
        "closed": Reader(Vocabulary(("the", "dogs"), none)),
    }


@pytest.mark.parametrize(
    ("symbol", "pieces", "word", "unknown"),
    [
        ("piece", ["[CLS]", "the", "dog", "s", "[SEP]"], [-1, 0, 1, 1, -1], 0.0),
        ("word", ["the", "dogs"], [0, 1, -1, -1, -1], 1 / 4),
        ("character", list("the dogs"), [0, 0, 0, 1, 1, 1, 1, 1], 1 / 4),
    ],
)
def test_each_token_knows_its_word_and_what_it_stands_for(readers, symbol, pieces, word, unknown):
    model, width = readers[symbol], max(len(word), len(pieces))
    found = reading.read(model, TEXT, width=None if symbol != "word" else 5)
    assert found.pieces[0] == pieces and found.word[0].tolist()[:width] == word
    assert found.tokens.mask[0].sum() == len(pieces) and found.whole.all()
    assert found.unknown == unknown == reading.unknown_share(model, TEXT)


def test_the_sign_for_unknown_words_is_known_where_it_is_written():
    words = Tokenizer(models.WordLevel({"A": 0, "B": 1}, unk_token="A"))
    assert reading.unknown_share(Reader(Vocabulary(("A", "B"), np.zeros(2, int)), words), ["B A A", "B C"]) == 1 / 5


def test_a_word_of_a_vocabulary_may_hold_a_space(readers):
    word = reading.read(readers["word"], TEXT)
    assert word.tokens.ids[1].tolist() == [4, vocabulary.UNK] and word.pieces[1] == ["1 000", "cat"]


@pytest.mark.parametrize("symbol", ["piece", "word", "character"])
def test_a_string_is_the_words_between_its_white_space(readers, symbol):
    as_string, as_words = (reading.read(readers[symbol], [text]) for text in ("the dogs", ["the", "dogs"]))
    np.testing.assert_array_equal(as_string.tokens.ids, as_words.tokens.ids)
    np.testing.assert_array_equal(as_string.word, as_words.word)


def test_a_string_of_characters_is_read_as_it_is(readers):
    found = reading.read(readers["character"], [" the\n\tdogs "])
    assert found.pieces == [list(" the\n\tdogs ")] and found.word.tolist() == [[0] * 4 + [1] * 7]
    assert found.unknown == 0.5  # white space counts with the word after it


@pytest.mark.parametrize("symbol", ["piece", "word", "character"])
def test_what_is_longer_than_the_model_is_read_in_windows(readers, symbol):
    model = readers[symbol]._replace(window=5)
    text = [["the", "dogs"] * 4, ["cat"]]
    split = reading.split(model, text)
    assert all(len(window.ids) <= 5 for window in split.windows)
    owned = [(window.sentence, word) for window in split.windows for word in range(window.first, window.last)]
    assert sorted(owned) == [(0, word) for word in range(8)] + [(1, 0)]
    found = reading.read(model, text, longest=100)
    assert found.whole.tolist() == [False, True] and found.tokens.ids.shape[1] <= 5
    with pytest.raises(ValueError, match="room for . tokens in a row, got 2; read less with longest=2"):
        reading.read(model, text, width=2)


def test_what_cannot_be_read_is_named(readers):
    with pytest.raises(ValueError, match="sentence 1 has 'cat', which the model's vocabulary does not have, nor <UNK>"):
        reading.read(readers["closed"], [["the"], ["dogs", "cat"]])
    assert reading.read(readers["closed"], [["the", "dogs"]]).unknown == 0
    with pytest.raises(ValueError, match="sentence 0 has no words"):
        reading.read(readers["word"], [" \n"])
    with pytest.raises(ValueError, match="no sentences"):
        reading.unknown_share(readers["piece"], [])
