"""Fluent texts against all there are, and what says how likely a text is against its definition."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.find import _language, fluent
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

LENGTH = 3
EVERY = [row for size in (1, 2, 3) for row in itertools.product(range(1, tiny.VOCAB), repeat=size)]
TEXTS = Tokens(
    np.array([(*row, *[0] * (LENGTH - len(row))) for row in EVERY], np.int32),
    np.array([[place < len(row) for place in range(LENGTH)] for row in EVERY]),
)
ALLOWED = np.arange(tiny.VOCAB) != 0
CORPUS = Tokens(*(leaf[-300::9] for leaf in TEXTS))


def by_hand(weights, language):
    """Return the cross-entropy of every text, word by word."""
    output, _ = tiny.recurrent(weights, Tokens(*map(jnp.asarray, TEXTS)), {})
    logits = np.asarray(jax.nn.log_softmax(output))
    counts = 1.0 + np.bincount(CORPUS.ids[CORPUS.mask], minlength=tiny.VOCAB)
    alone = counts / counts.sum()
    found = []
    for row, text in enumerate(EVERY):
        nats = -np.log(alone[text[0]] / (alone[1:].sum() if language == "corpus" else 1.0))
        for place, (before, word) in enumerate(itertools.pairwise(text)):
            if language == "own":
                nats -= logits[row, place, word]
            else:
                behind = [b for a, b in CORPUS.ids[:, :2].tolist() + CORPUS.ids[:, 1:].tolist() if a == before]
                others = max(len(set(behind)), 1)
                share = alone[word] / alone[1:].sum()
                nats -= np.log((behind.count(word) + others * share) / (len(behind) + others))
        found.append(nats / len(text))
    return np.array(found)


@pytest.mark.parametrize("language", ["own", "corpus"])
def test_it_is_the_mean_over_the_words_of_what_each_is_worth(weights, language):
    likely = fluent.cross_entropy(tiny.recurrent, weights, TEXTS, CORPUS, ALLOWED, language=language)
    assert likely.by == language
    np.testing.assert_allclose(likely.cross_entropy, by_hand(weights, language), rtol=1e-5)


def test_the_front_is_that_of_all_texts(weights):
    settings = fluent.Settings(steps=12, tries=32, shortest=1, cap=2.0, levels=(0.9, 1.2))
    units = Unit("hidden", jnp.array([1, 5]))
    front = fluent.front(jax.random.key(0), tiny.recurrent, weights, units, CORPUS, ALLOWED, settings=settings)
    _, activations = tiny.recurrent(weights, Tokens(*map(jnp.asarray, TEXTS)), {})
    last = np.asarray(activations["hidden"])[np.arange(len(EVERY)), TEXTS.mask.sum(1) - 1]
    cost = by_hand(weights, "own")
    for row, unit in enumerate((1, 5)):
        known = [last[cost <= level, unit].max() for level in (1.8, 2.0, 2.4, np.inf)]
        np.testing.assert_allclose(front.score[row], known, rtol=1e-5)
        assert np.all(front.cross_entropy[row] <= front.level[row] + 1e-4)
    np.testing.assert_allclose(front.chosen.score[:, 0], front.score[:, 1])
    assert front.cap.tolist() == [2.0, 2.0]


def test_a_repetition_costs(weights):
    settings = fluent.Settings(steps=12, tries=32, shortest=1, cap=3.0, levels=(0.9, 1.2), repetition=100.0)
    asked = Unit("hidden", jnp.array([1, 5])), CORPUS, ALLOWED
    found = fluent.find(jax.random.key(0), tiny.recurrent, weights, *asked, settings=settings)
    assert np.all(found.tokens.mask[:, 0, 0])
    for ids, mask in zip(found.tokens.ids[:, 0], found.tokens.mask[:, 0], strict=True):
        assert len(set(ids[mask].tolist())) == mask.sum()


def test_a_model_says_itself_whether_it_predicts_the_next_word(weights):
    def prompted(params, tokens, edits):
        """Read a word before the text."""
        first = jnp.zeros((len(tokens.ids), 1), jnp.int32)
        mask = jnp.concatenate([first == 0, tokens.mask], axis=1)
        return tiny.recurrent(params, Tokens(jnp.concatenate([first, tokens.ids], axis=1), mask), edits)

    def backwards(params, tokens, edits):
        """Know the next words."""
        output, activations = tiny.recurrent(params, tokens, edits)
        return output + jnp.sum(output, axis=1, keepdims=True), activations

    known = {forward: _language._before(forward, weights, LENGTH, ALLOWED) for forward in (prompted, backwards)}
    assert [*known.values()] == [1, None]
    assert _language._before(tiny.recurrent, weights, LENGTH, ALLOWED) == 0
    other = fluent.cross_entropy(backwards, weights, TEXTS, CORPUS, ALLOWED, language=(tiny.recurrent, weights))
    assert other.by == "other"
    np.testing.assert_allclose(other.cross_entropy, by_hand(weights, "own"), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shortest": 4}, "the n-grams have 3 words"),
        ({"language": "own"}, "language='corpus'"),
        ({"language": "english"}, "one of auto, own, corpus"),
        ({"cap": -1.0}, "above 0 nats"),
        ({"levels": (1.0,)}, "multiples of the cap"),
    ],
)
def test_what_cannot_be_is_said(weights, settings, message):
    with pytest.raises(ValueError, match=message):
        fluent.find(
            *(jax.random.key(0), tiny.bag_of_words, weights, Unit("bag", jnp.array([1])), CORPUS, ALLOWED),
            settings=fluent.Settings()._replace(**settings),
        )
