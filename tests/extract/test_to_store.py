"""What is stored is what the model computes for each word, however the text was batched, stopped or shared out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from jaxneuron import store
from jaxneuron.extract._batches import packed_lengths
from jaxneuron.extract.to_store import extract
from jaxneuron.types import Tokens
from jaxneuron_models import transformer

WORDS = ["the", "dog", "cat", "play", "a"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "##s", "##ing"]
LONGEST = 24


@pytest.fixture(scope="module")
def model():
    config = transformer.Config(
        len(PIECES), width=12, blocks=2, heads=3, causal=False, norm_first=False, longest=LONGEST, head="none"
    )
    forward, init = transformer.build(config)
    return forward, init(jax.random.key(0))


@pytest.fixture(scope="module")
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


def alone(model, tokenizer, sentence, site):
    """The vectors of a sentence's sub-words, with nothing else in the batch."""
    encoding = tokenizer.encode(" ".join(sentence))
    tokens = Tokens(jnp.array([encoding.ids]), jnp.ones((1, len(encoding.ids)), bool))
    return np.asarray(model[0](model[1], tokens, {})[1][site][0]), np.array(
        [-1 if word is None else word for word in encoding.word_ids]
    )


FOLD = {
    "first": lambda rows: rows[0],
    "last": lambda rows: rows[-1],
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
}


@pytest.mark.parametrize("how", FOLD)
def test_each_row_is_its_words_vector(model, tokenizer, sentences, how, tmp_path):
    found = extract(*model, tokenizer, sentences, tmp_path / "s", longest=LONGEST, how=how, tokens=64)
    assert list(found.sites) == ["embed", "block0/residual", "block1/residual"]
    for number in (0, 7, 59):
        vectors, word = alone(model, tokenizer, sentences[number], "block1/residual")
        expected = [FOLD[how](vectors[word == n]) for n in range(len(sentences[number]))]
        np.testing.assert_allclose(found["block1/residual"][found.words(number)], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pool", ["cls", *FOLD])
def test_each_row_is_its_sentences_vector(model, tokenizer, sentences, pool, tmp_path):
    found = extract(
        *model, tokenizer, sentences, tmp_path / "s", longest=LONGEST, pool=pool, sites=["block0/mlp/hidden"]
    )
    rows = found["block0/mlp/hidden"][:]
    assert rows.shape == (60, 48)
    vectors, word = alone(model, tokenizer, sentences[5], "block0/mlp/hidden")
    expected = vectors[0] if pool == "cls" else FOLD[pool](vectors[word >= 0])
    np.testing.assert_allclose(rows[5], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("options", [{"how": "mean"}, {"pool": "cls"}, {"how": "first"}])
def test_several_sentences_in_a_row_do_not_see_each_other(tokenizer, sentences, causal, positions, options, tmp_path):
    config = transformer.Config(
        len(PIECES), width=12, blocks=2, heads=3, causal=causal, positions=positions, longest=LONGEST, head="none"
    )
    forward, init = transformer.build(config)
    text = [*sentences, [word for sentence in sentences for word in sentence]]
    alone, packed = (
        extract(
            forward,
            init(jax.random.key(0)),
            tokenizer,
            text,
            tmp_path / str(packed),
            longest=LONGEST,
            packed=packed,
            tokens=120,
            **options,
        )
        for packed in (False, True)
    )
    for site in alone.sites:
        np.testing.assert_allclose(packed[site][:], alone[site][:], rtol=1e-4, atol=1e-5)


def test_batches_do_not_matter(model, tokenizer, sentences, tmp_path):
    few, many = (
        extract(*model, tokenizer, sentences, tmp_path / str(tokens), longest=LONGEST, tokens=tokens)
        for tokens in (32, 1024)
    )
    for site in few.sites:
        np.testing.assert_allclose(few[site][:], many[site][:], rtol=1e-4, atol=1e-5)


def test_a_stopped_run_goes_on_and_ends_the_same(model, tokenizer, sentences, tmp_path, monkeypatch):
    text = sentences * 60
    options = {"longest": LONGEST, "tokens": 512, "budget": 1}
    whole = extract(*model, tokenizer, text, tmp_path / "whole", **options)

    def stop(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(*model, tokenizer, text, tmp_path / "stopped", progress=stop, **options)
    with pytest.raises(ValueError, match="unfinished"):
        store.open(tmp_path / "stopped")
    seen = []
    resumed = extract(*model, tokenizer, text, tmp_path / "stopped", progress=lambda *a: seen.append(a), **options)
    assert resumed.checksum == whole.checksum
    assert 0 < seen[-1][0] == seen[-1][1] < sum(map(len, text))


def test_a_text_longer_than_the_model_keeps_every_word(model, tokenizer, sentences, tmp_path):
    book = [word for sentence in sentences * 10 for word in sentence]
    said = []
    text = [["the", "zebra" * 3], book, ["cats"]]
    found = extract(*model, tokenizer, text, tmp_path / "s", longest=LONGEST, notice=said.append)
    assert said[-1] == "1 sentences are longer than the model and were read in overlapping windows"
    rows = found["block1/residual"][:]
    assert rows.shape == (len(book) + 3, 12) and np.isfinite(rows).all()
    assert np.all(np.abs(rows).sum(axis=1) > 0)


def test_an_unknown_site_is_an_error_before_anything_is_written(model, tokenizer, sentences, tmp_path):
    with pytest.raises(KeyError, match="did you mean 'block1/residual'"):
        extract(*model, tokenizer, sentences, tmp_path / "s", longest=LONGEST, sites=["block1/residul"])
    assert not (tmp_path / "s").exists()


def test_another_model_cannot_go_on(model, tokenizer, sentences, tmp_path):
    extract(*model, tokenizer, sentences, tmp_path / "s", longest=LONGEST)
    other = jax.tree.map(lambda leaf: leaf + 1, model[1])
    with pytest.raises(ValueError, match="fingerprint"):
        extract(model[0], other, tokenizer, sentences, tmp_path / "s", longest=LONGEST)


def test_rows_double_up_to_what_the_longest_sentence_needs():
    assert packed_lengths(131_072) == [2**power for power in range(6, 18)]
    assert packed_lengths(600) == [64, 128, 256, 512, 600] and packed_lengths(24) == [24]


def test_what_is_not_plain_is_said(model, tokenizer, tmp_path):
    said = []
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.normalizer = normalizers.Replace("@", "")
    text = [["the", "@", "dog"], ["play" + "ing" * 30]]
    found = extract(*model, tokenizer, text, tmp_path / "s", longest=LONGEST, notice=said.append)
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
