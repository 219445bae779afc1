"""Every word keeps its place, whatever the tokenizer does to it."""

import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from jaxneuron.corpora import subwords

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "play", "##ing", "##ed", "dog", "##s", "s", "a", "##a", "."]


@pytest.fixture
def pieces():
    tokenizer = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("\u200b", ""), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


@pytest.fixture
def bytelevel():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["the playing dogs played", "the dog plays"], trainer)
    return tokenizer


def test_subwords_are_given_to_their_words(pieces):
    (window,) = subwords.split(pieces, [["The", "dogs", "playing", "."]], longest=20).windows
    assert [PIECES[n] for n in window.ids] == ["[CLS]", "the", "dog", "##s", "play", "##ing", ".", "[SEP]"]
    assert window.word.tolist() == [-1, 0, 1, 1, 2, 2, 3, -1]
    assert (window.first, window.last) == (0, 4)


def test_a_byte_level_tokenizer_gives_spaces_to_the_word_they_precede(bytelevel):
    sentence = ["the", "dögs", "playing"]
    (window,) = subwords.split(bytelevel, [sentence], longest=50).windows
    words = [bytelevel.decode(window.ids[window.word == n].tolist()).strip() for n in range(3)]
    assert words == sentence


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_word_that_the_tokenizer_drops_is_read_as_unknown(pieces, place):
    sentence = ["the", "dog"]
    sentence.insert(place, "\u200b")
    found = subwords.split(pieces, [["dog"], sentence], longest=20)
    window = found.windows[1]
    assert found.unknown == [(1, place)]
    assert window.word[1:-1].tolist() == [0, 1, 2]
    assert PIECES[window.ids[1 + place]] == "[UNK]"


def test_an_unknown_word_is_one_subword(pieces):
    (window,) = subwords.split(pieces, [["the", "zebra", "dogs"]], longest=20).windows
    assert window.word.tolist() == [-1, 0, 1, 2, 2, -1] and window.ids[2] == 1


@pytest.mark.parametrize("longest", [5, 6, 9, 31])
def test_each_word_of_a_long_text_is_in_one_window_whole_and_near_its_middle(pieces, longest):
    random = np.random.default_rng(0)
    sentence = [["the", "dogs", "playing", "a"][n] for n in random.integers(0, 4, 200)]
    found = subwords.split(pieces, [sentence], longest=longest)
    (whole,) = subwords.split(pieces, [sentence], longest=10_000).windows
    owned = [word for window in found.windows for word in range(window.first, window.last)]
    assert owned == list(range(200))
    assert max(len(window.ids) for window in found.windows) <= longest
    for window in found.windows:
        for word in range(window.first, window.last):
            np.testing.assert_array_equal(window.ids[window.word == word], whole.ids[whole.word == word])
    if longest == 31:  # no inner word stands at the very edge
        assert all(window.word[1] < window.first for window in found.windows[1:])


def test_a_word_longer_than_a_window_is_cut_and_named(pieces):
    found = subwords.split(pieces, [["the", "a" * 50, "dog"]], longest=8)
    assert found.cut == [(0, 1)]
    assert [word for window in found.windows for word in range(window.first, window.last)] == [0, 1, 2]


@pytest.mark.parametrize(("sentence", "fault"), [([], "no words"), (["a", ""], "''"), (["a", " "], "' '")])
def test_what_is_no_sentence_of_words_is_named(pieces, sentence, fault):
    with pytest.raises(ValueError, match=f"sentence 1 has .*{fault}"):
        subwords.split(pieces, [["a"], sentence], longest=20)


def test_a_word_with_a_space_is_one_word(pieces):
    (window,) = subwords.split(pieces, [["the", "dog s", "play"]], longest=20).windows
    assert window.word.tolist() == [-1, 0, 1, 1, 2, -1]


def test_a_window_needs_room(pieces):
    with pytest.raises(ValueError, match="at least 2 sub-words"):
        subwords.split(pieces, [["a"]], longest=3)


@pytest.mark.parametrize("how", subwords.HOW)
def test_aggregation_agrees_with_a_loop(how):
    random = np.random.default_rng(0)
    value, word = random.normal(size=(9, 3)), np.array([-1, 0, 0, 0, 1, 3, 3, 4, -1])
    f = {"first": lambda v: v[0], "last": lambda v: v[-1], "mean": lambda v: v.mean(0), "max": lambda v: v.max(0)}[how]
    rows = [value[word == n] for n in range(4)]
    expected = np.stack([f(row) if len(row) else np.zeros(3) for row in rows])
    ours = subwords.aggregate(jnp.asarray(value, jnp.float32), jnp.asarray(word), words=4, how=how)
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-7)
