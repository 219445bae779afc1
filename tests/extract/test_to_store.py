"""What is stored is what the model computes for each word, however the text was batched, stopped or shared out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from jaxneuron import store
from jaxneuron.corpora import vocabulary
from jaxneuron.extract._batches import packed_lengths
from jaxneuron.extract.to_store import Settings, extract
from jaxneuron.types import Tokens, Vocabulary
from jaxneuron_models import lstm_lm, text_cnn, transformer
from jaxneuron_models.model import Model

WORDS = ["the", "dog", "cat", "play", "a"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "##s", "##ing"]
LONGEST = 24


@pytest.fixture(scope="module")
def model():
    config = transformer.TransformerConfig(
        len(PIECES), width=12, blocks=2, heads=3, causal=False, norm_first=False, longest=LONGEST, head="none"
    )
    return build(config)


def build(config):
    forward, init = transformer.build(config)
    words = Vocabulary(tuple(PIECES), np.zeros(len(PIECES)))
    return Model(forward, init(jax.random.key(0)), words, {}, config, tokenizer=tokenizer(), window=LONGEST)


def tokenizer():
    found = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    found.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return found


@pytest.fixture(scope="module")
def sentences():
    random = np.random.default_rng(0)
    forms = [word + ending for word in WORDS for ending in ("", "s", "ing", "sing")] + ["zebra"]
    return [[forms[n] for n in random.integers(0, len(forms), random.integers(1, 9))] for _ in range(60)]


def alone(model, sentence, site):
    """The vectors of a sentence's sub-words, with nothing else in the batch."""
    encoding = model.tokenizer.encode(" ".join(sentence))
    tokens = Tokens(jnp.array([encoding.ids]), jnp.ones((1, len(encoding.ids)), bool))
    return np.asarray(model.forward(model.params, tokens, {})[1][site][0]), np.array(
        [-1 if word is None else word for word in encoding.word_ids]
    )


FOLD = {
    "first": lambda rows: rows[0],
    "last": lambda rows: rows[-1],
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
}


@pytest.mark.parametrize("how", FOLD)
def test_each_row_is_its_words_vector(model, sentences, how, tmp_path):
    found = extract(model, sentences, tmp_path / "s", settings=Settings(how=how, tokens=64))
    assert list(found.sites) == ["embed", "block0/residual", "block1/residual"]
    for number in (0, 7, 59):
        vectors, word = alone(model, sentences[number], "block1/residual")
        expected = [FOLD[how](vectors[word == n]) for n in range(len(sentences[number]))]
        np.testing.assert_allclose(found["block1/residual"][found.words(number)], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pool", ["cls", *FOLD])
def test_each_row_is_its_sentences_vector(model, sentences, pool, tmp_path):
    found = extract(model, sentences, tmp_path / "s", settings=Settings(pool=pool), sites=["block0/mlp/hidden"])
    rows = found["block0/mlp/hidden"][:]
    assert rows.shape == (60, 48)
    vectors, word = alone(model, sentences[5], "block0/mlp/hidden")
    expected = vectors[0] if pool == "cls" else FOLD[pool](vectors[word >= 0])
    np.testing.assert_allclose(rows[5], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("options", [{"how": "mean"}, {"pool": "cls"}, {"how": "first"}])
def test_several_sentences_in_a_row_do_not_see_each_other(sentences, causal, positions, options, tmp_path):
    config = transformer.TransformerConfig(
        len(PIECES), width=12, blocks=2, heads=3, causal=causal, positions=positions, longest=LONGEST, head="none"
    )
    model = build(config)
    text = [*sentences, [word for sentence in sentences for word in sentence]]
    alone, packed = (
        extract(model._replace(packed=packed), text, tmp_path / str(packed), settings=Settings(tokens=120, **options))
        for packed in (False, True)
    )
    for site in alone.sites:
        np.testing.assert_allclose(packed[site][:], alone[site][:], rtol=1e-4, atol=1e-5)


def test_batches_do_not_matter(model, sentences, tmp_path):
    few, many = (
        extract(model, sentences, tmp_path / str(tokens), settings=Settings(tokens=tokens)) for tokens in (32, 1024)
    )
    for site in few.sites:
        np.testing.assert_allclose(few[site][:], many[site][:], rtol=1e-4, atol=1e-5)


def test_a_stopped_run_goes_on_and_ends_the_same(model, sentences, tmp_path, monkeypatch):
    text = sentences * 60
    few = Settings(tokens=512, budget=1)
    whole = extract(model, text, tmp_path / "whole", settings=few)

    def stop(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(model, text, tmp_path / "stopped", progress=stop, settings=few)
    with pytest.raises(ValueError, match="unfinished"):
        store.open(tmp_path / "stopped")
    seen = []
    resumed = extract(model, text, tmp_path / "stopped", progress=lambda *a: seen.append(a), settings=few)
    assert resumed.checksum == whole.checksum
    assert 0 < seen[-1][0] == seen[-1][1] < sum(map(len, text))


def test_a_text_longer_than_the_model_keeps_every_word(model, sentences, tmp_path):
    book = [word for sentence in sentences * 10 for word in sentence]
    said = []
    text = [["the", "zebra" * 3], book, ["cats"]]
    found = extract(model, text, tmp_path / "s", notice=said.append)
    assert said[-1] == "1 sentences are longer than the model and were read in overlapping windows"
    rows = found["block1/residual"][:]
    assert rows.shape == (len(book) + 3, 12) and np.isfinite(rows).all()
    assert np.all(np.abs(rows).sum(axis=1) > 0)


def test_an_unknown_site_is_an_error_before_anything_is_written(model, sentences, tmp_path):
    with pytest.raises(KeyError, match="did you mean 'block1/residual'"):
        extract(model, sentences, tmp_path / "s", sites=["block1/residul"])
    assert not (tmp_path / "s").exists()


def test_another_model_cannot_go_on(model, sentences, tmp_path):
    extract(model, sentences, tmp_path / "s")
    other = model._replace(params=jax.tree.map(lambda leaf: leaf + 1, model.params))
    with pytest.raises(ValueError, match="fingerprint"):
        extract(other, sentences, tmp_path / "s")


def test_rows_double_up_to_what_the_longest_sentence_needs():
    assert packed_lengths(131_072) == [2**power for power in range(6, 18)]
    assert packed_lengths(600) == [64, 128, 256, 512, 600] and packed_lengths(24) == [24]


def test_what_is_not_plain_is_said(model, tmp_path):
    said = []
    model = model._replace(tokenizer=tokenizer())
    model.tokenizer.normalizer = normalizers.Replace("@", "")
    text = [["the", "@", "dog"], ["play" + "ing" * 30]]
    found = extract(model, text, tmp_path / "s", notice=said.append)
    assert found["embed"].shape == (4, 12) and np.abs(found["embed"][:]).sum(axis=1).min() > 0
    assert said == [
        f"1 kB will be written to {tmp_path / 's'}",
        "1 words were unknown to the model (25%), and their vectors tell little; take a model of such text, or train "
        "one on it; the first is '@' in sentence 0 (from 0)",
        "1 words were read as the unknown token, because the tokenizer leaves nothing of them; "
        "the first is '@' in sentence 0 (from 0)",
        "1 words were longer than the model, and only their beginning was read; "
        f"the first is {text[1][0]!r:.40} in sentence 1 (from 0)",
    ]


@pytest.mark.parametrize(("site", "options"), [("pool", {}), ("logits", {"how": "first"})])
def test_a_site_with_one_vector_for_a_text_has_none_for_a_word(cnn, tmp_path, site, options):
    with pytest.raises(ValueError, match=f"'{site}' has one vector for a text.*--pool last"):
        extract(cnn, [["the", "dog"]], tmp_path / "s", sites=["conv2", site], settings=Settings(**options))


def test_one_vector_for_a_text_is_stored_for_the_text(cnn, tmp_path):
    text = [["the", "dog"], ["a", "cat", "play"], ["play"]]
    found = extract(cnn, text, tmp_path / "s", sites=["pool"], settings=Settings(pool="last"))
    for row, sentence in enumerate(text):
        ids = jnp.array([[cnn.vocabulary.words.index(word) for word in sentence]])
        _, activations = cnn.forward(cnn.params, Tokens(ids, jnp.ones(ids.shape, bool)), {})
        np.testing.assert_allclose(found["pool"][row], activations["pool"][0, 0], rtol=1e-5, atol=1e-6)


def test_without_blocks_what_has_a_vector_for_each_word_is_stored(cnn, tmp_path):
    found = extract(cnn, [["the", "dog"], ["zebra"]], tmp_path / "s")
    assert list(found.sites) == ["embed", "conv2"]


@pytest.fixture(scope="module")
def cnn():
    words = vocabulary.build([WORDS])
    config = text_cnn.TextCnnConfig(len(words.words), embedding=4, filters=3, widths=(2,))
    forward, init = text_cnn.build(config)
    return Model(forward, init(jax.random.key(0)), words, {"logits": "pool"}, config)


def test_a_word_of_a_model_of_characters_is_its_last_one(tmp_path):
    text = [["the", "dog"], ["a", "cat", "play"]]
    words = vocabulary.build(["the dog cat play"])
    config = lstm_lm.LstmConfig(len(words.words), width=5)
    forward, init = lstm_lm.build(config)
    model = Model(forward, init(jax.random.key(0)), words, {"logits": "lstm0/hidden"}, config, symbol="character")
    found = extract(model, text, tmp_path / "s")
    assert list(found.sites) == ["embed", "lstm0/cell", "lstm0/hidden"]
    for number, sentence in enumerate(text):
        tokens = vocabulary.encode(words, [" ".join(sentence)])
        states = forward(model.params, tokens, {})[1]["lstm0/hidden"][0]
        ends = np.cumsum([len(word) + 1 for word in sentence]) - 2
        np.testing.assert_allclose(found["lstm0/hidden"][found.words(number)], states[ends], rtol=1e-5, atol=1e-6)
