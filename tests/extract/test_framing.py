"""N-grams are read as texts of their own, between what stands around every text, and are searched without it."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from jaxneuron.edits import Replace
from jaxneuron.extract import framing
from jaxneuron.find import beam, corpus, embedding
from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens, Vocabulary


def forward(params, tokens, edits):
    """Return the sum of the numbers of all words so far."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
    word = tap("embed/word", lookup(params, tokens.ids), time)
    tap("sum", jnp.cumsum(word, axis=-2), time)
    return None, tap.activations()


def model():
    """Return a model of words that stand between [CLS] and [SEP]."""
    words = ("[UNK]", "[CLS]", "[SEP]", "a", "dog", "cat", "runs")
    tokenizer = Tokenizer(models.WordLevel({word: id for id, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = [("[CLS]", 1), ("[SEP]", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    known = Vocabulary(words, np.zeros(len(words), np.int64))
    return SimpleNamespace(forward=forward, tokenizer=tokenizer, vocabulary=known, symbol="piece", window=None)


def test_a_frame_is_all_that_a_search_is_given():
    found = framing.frame(model(), ["a dog runs", "a cat"], length=2)
    assert found.ngrams.ids.tolist() == [[3, 4], [4, 6], [3, 5]] and found.last("sum") == -2
    assert found.candidates.tolist() == [False] * 3 + [True] * 4  # of a few texts: all but the special ones
    params, target = jnp.arange(7.0)[:, None], found.read(Unit("sum", jnp.array([0]), found.last("sum")))
    best = corpus.find(None, found.forward, params, target, found.ngrams, found.candidates)
    assert best.tokens.ids.tolist() == [[[4, 6]]] and float(best.score[0, 0]) == 11  # with [CLS], which is 1
    inside = framing.frame(model(), ["a dog runs"], length=1, template="a {} cat")
    assert inside.last("sum") == -3 and inside.ngrams.ids.tolist() == [[3], [4], [6]]
    with pytest.raises(ValueError, match="expected one {}"):
        framing.frame(model(), ["a dog"], length=1, template="a dog")
    with pytest.raises(ValueError, match="no text has 4 symbols"):
        framing.frame(model(), ["a dog"], length=4)


def test_the_same_tokens_stand_around_texts_of_many_lengths():
    given = Tokens(np.array([[5, 6, 0], [7, 8, 9]]), np.array([[True, True, False], [True] * 3]))
    found = framing.within(given, (1,), (2, 3))
    assert found.ids.tolist() == [[1, 5, 6, 2, 3, 0], [1, 7, 8, 9, 2, 3]]
    assert found.mask.sum(-1).tolist() == [5, 6]


def test_what_stands_around_n_grams_is_not_theirs():
    table = jnp.arange(5.0)[:, None]
    templated = framing.Templated(forward, (1,), (2, 3), 5)
    text = Tokens(jnp.array([[4, 4]]), jnp.ones((1, 2), bool))
    found = templated(table, text, {})[1]
    assert found["embed/word"][0, :, 0].tolist() == [4, 4]
    assert found["sum"][0, :, 0].tolist() == [1, 5, 9, 11, 14]
    changed = templated(table, text, {"embed/word": Replace(jnp.array([[[10.0], [20.0]]]))})[1]
    assert changed["sum"][0, :, 0].tolist() == [1, 11, 31, 33, 36]
    np.testing.assert_array_equal(embedding.word_vectors(templated, table, 5), table)
    for position, expected in ((-3, 9), (-1, 14), (0, 1)):  # of the whole text: the n-gram's last word, the end, ...
        target = templated.read(Unit("sum", 0, position))
        assert target(None, found, text).tolist() == [expected]
    short = Tokens(jnp.array([[4, 0]]), jnp.array([[True, False]]))
    assert templated(table, short, {})[1]["sum"][0, :4, 0].tolist() == [1, 5, 7, 10]
    assert templated.read(Unit("sum", 0, -3))(None, templated(table, short, {})[1], short).tolist() == [5]
    assert templated.last("sum") == -3 and templated.last("embed/word") == -1
    assert templated.read(Unit("embed/word", 0, -1))(None, found, text).tolist() == [4]
    units = templated.read(Unit("sum", jnp.array([0]), -3))
    grams = Tokens(np.zeros((1, 2), np.int32), np.ones((1, 2), bool))
    best = beam.find(jax.random.key(0), templated, table, units, grams, np.ones(5, bool))
    assert best.tokens.ids[0, 0].tolist() == [4, 4] and float(best.score[0, 0]) == 9
