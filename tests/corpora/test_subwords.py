"""Every word keeps its place, whatever the tokenizer does to it."""

import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from jaxneuron.corpora import _windows, subwords

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


def byte_level(*, trim, prefix=False):
    """As GPT-2's, or trimmed as those of RoBERTa and Pythia."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim, add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["the playing dogs played", "the dog plays"], trainer)
    return tokenizer


def metaspace(*, normal):
    """SentencePiece's: the sign for a space put in by a normaliser, as Llama's, or by a pre-tokenizer."""
    letters = [*"▁thedogsplaying", "▁the", "▁dog", "▁play", "ing", *(f"<0x{byte:02X}>" for byte in range(256))]
    merges = [("t", "h"), ("th", "e"), ("▁", "the"), ("d", "o"), ("do", "g"), ("▁", "dog")]
    names = dict.fromkeys(["<unk>", *letters, *map("".join, merges)])
    vocabulary = {piece: number for number, piece in enumerate(names)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True))
    if normal:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


@pytest.fixture
def bytelevel():
    return byte_level(trim=True)


SPACES = {
    "byte-level": lambda: byte_level(trim=False),
    "byte-level, trimmed": lambda: byte_level(trim=True),
    "byte-level, with a space before": lambda: byte_level(trim=True, prefix=True),
    "metaspace, normaliser": lambda: metaspace(normal=True),
    "metaspace, pre-tokenizer": lambda: metaspace(normal=False),
}
"""Tokenizers that know a space."""

HARD = ["the 1990 dogs", "1990 the dog", "the 中国 dog", "中 国", "the 😺 dog 한국", "dog", "क the ก 9 9"]
"""The space before some of these words is a piece of its own."""


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


@pytest.mark.parametrize("name", SPACES)
def test_all_that_the_tokenizer_says_is_read_and_a_space_belongs_to_the_word_after_it(name):
    tokenizer = SPACES[name]()
    alone = 0
    for text in HARD:
        sentence, encoding = text.split(), tokenizer.encode(text)
        found = subwords.split(tokenizer, [sentence], longest=60)
        (window,) = found.windows
        assert window.ids.tolist() == encoding.ids and not found.unknown
        ends = np.cumsum([len(word) + 1 for word in sentence]) - 1
        begins = ends - [len(word) for word in sentence]
        for word, (start, stop), token in zip(window.word, encoding.offsets, encoding.tokens, strict=True):
            space = token in ("Ġ", "▁")
            alone += space
            # a piece of a word lies within it, and so does what is left of the space before it
            assert begins[word] - 1 <= start and stop <= ends[word] and (space or stop > begins[word])
        if encoding.word_ids[-1] == len(sentence) - 1:  # where the tokenizer divides into words itself
            assert window.word.tolist() == encoding.word_ids
    assert alone > 3


@pytest.mark.parametrize("name", SPACES)
def test_windows_have_the_pieces_of_the_whole_text(name):
    tokenizer, sentence = SPACES[name](), " ".join(HARD * 4).split()
    (whole,) = subwords.split(tokenizer, [sentence], longest=10_000).windows
    windows = subwords.split(tokenizer, [sentence], longest=24).windows
    assert [word for window in windows for word in range(window.first, window.last)] == list(range(len(sentence)))
    for window in windows:
        for word in range(window.first, window.last):
            for field in ("ids", "span"):
                own, all_ = (getattr(one, field)[one.word == word] for one in (window, whole))
                np.testing.assert_array_equal(own, all_)


def test_a_very_long_line_is_read_in_windows():
    windows = _windows._edges(np.arange(300_000), 16)  # a table of windows and words would take gigabytes
    assert sum(last - first for _, _, first, last in windows) == 300_000


@pytest.mark.parametrize("name", SPACES)
def test_pieces_look_like_the_text_that_they_stand_for(name):
    tokenizer = SPACES[name]()
    for text in [*HARD, "the café is ‘good’ now"]:
        (window,) = subwords.split(tokenizer, [text.split()], longest=60).windows
        shown = subwords.pieces(tokenizer, text.split(), window)
        assert len(shown) == len(window.ids) and all(piece in text for piece in shown)
        assert [
            "".join(piece for piece, own in zip(shown, window.word, strict=True) if own == word).strip()
            for word in range(len(text.split()))
        ] == text.split()


def test_special_and_dropped_pieces_have_their_names(pieces):
    sentence = ["The", "\u200b", "zebra", "playing"]
    (window,) = subwords.split(pieces, [sentence], longest=20).windows
    assert subwords.pieces(pieces, sentence, window) == ["[CLS]", "The", "[UNK]", "zebra", "play", "ing", "[SEP]"]


def test_padding_and_cutting_of_the_tokenizer_are_left_aside(pieces):
    pieces.enable_padding(length=30)
    pieces.enable_truncation(4)
    (window,) = subwords.split(pieces, [["the", "dogs", "play"]], longest=20).windows
    assert [PIECES[n] for n in window.ids] == ["[CLS]", "the", "dog", "##s", "play", "[SEP]"]
    assert pieces.padding and pieces.truncation  # the tokenizer is as it was


def test_a_tokenizer_that_knows_words_and_cuts_no_text_reads_word_by_word():
    tokenizer = Tokenizer(models.WordLevel({"A": 0, "B": 1, "C": 2}, unk_token="A"))
    found = subwords.split(tokenizer, [["C", "B", "A"]], longest=9).windows[0]
    assert (found.ids.tolist(), found.word.tolist()) == ([2, 1, 0], [0, 1, 2])
    assert tokenizer.pre_tokenizer is None


def test_of_words_in_one_subword_the_first_has_it_and_the_others_are_unknown():
    tokenizer = Tokenizer(models.WordLevel({"of the": 0, "dog": 1, "[UNK]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" dog", "isolated")
    found = subwords.split(tokenizer, [["of", "the", "dog"]], longest=20)
    assert found.unknown == [(0, 1)]
    assert found.windows[0].ids.tolist() == [0, 2, 2] and found.windows[0].word.tolist() == [0, 1, 2]


def test_half_a_surrogate_pair_is_no_word(pieces):
    with pytest.raises(ValueError, match="sentence 1 has the word .*half of a surrogate pair"):
        subwords.split(pieces, [["é"], ["a", "b\ud83d"]], longest=20)


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
