"""Corpus search against a loop over the n-grams."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.corpora import ngrams
from jaxneuron.find import corpus
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Tokens
from tests import tiny

EVERY_WORD = jnp.ones(tiny.VOCAB, bool)
TARGETS = Unit("hidden", jnp.arange(tiny.VOCAB))


@pytest.fixture(scope="module")
def grams():
    """Return distinct 4-grams of a small text, those of short sentences padded."""
    random = np.random.default_rng(0)
    lengths = random.integers(1, 9, 40)
    mask = np.arange(9) < lengths[:, None]
    return ngrams.unique(Tokens(np.where(mask, random.integers(0, tiny.VOCAB, (40, 9)), 0), mask), 4)


def brute_force(weights, grams, allowed, k):
    """Return the rows and scores of the k best n-grams of each unit, read one at a time."""
    forward = jax.jit(lambda ids: tiny.recurrent(weights, Tokens(ids, jnp.ones(ids.shape, bool)), {})[1]["hidden"])
    scores = np.full((len(grams.ids), tiny.VOCAB), -np.inf)
    for row, (ids, mask) in enumerate(zip(grams.ids, grams.mask, strict=True)):
        if allowed[ids[mask]].all():
            scores[row] = forward(jnp.asarray(ids[mask])[None])[0, -1, : tiny.VOCAB]
    order = np.argsort(-scores, axis=0, kind="stable")[:k].T
    return order, np.take_along_axis(scores.T, order, axis=1)


@pytest.mark.parametrize("banned", [(), (0, 5)], ids=["every word", "banned words"])
def test_it_finds_what_a_loop_finds(weights, grams, banned):
    assert not grams.mask.all()
    allowed = ~np.isin(np.arange(tiny.VOCAB), banned)
    found = corpus.find(None, tiny.recurrent, weights, TARGETS, grams, jnp.asarray(allowed), k=5)
    rows, scores = brute_force(weights, grams, allowed, 5)
    np.testing.assert_array_equal(found.step, rows)
    np.testing.assert_allclose(found.score, scores, atol=1e-6)
    np.testing.assert_array_equal(found.tokens.ids, grams.ids[rows])
    np.testing.assert_array_equal(found.tokens.mask, grams.mask[rows])


@pytest.mark.parametrize("budget", [1, 2_000, 20_000])
def test_chunks_change_nothing(weights, grams, budget):
    calls = []
    whole, chunked = (
        corpus.find(None, tiny.recurrent, weights, TARGETS, grams, EVERY_WORD, k=3, **options)
        for options in ({}, {"budget": budget, "progress": lambda done, total: calls.append((done, total))})
    )
    assert calls[-1] == (len(grams.ids), len(grams.ids)) and (len(calls) > 1 or budget > 2_000)
    np.testing.assert_array_equal(chunked.step, whole.step)
    np.testing.assert_allclose(chunked.score, whole.score, atol=1e-6)


@pytest.mark.parametrize("budget", [1_000, 2**20])
def test_of_equal_scores_the_first_n_gram_stays(weights, grams, budget):
    flat = Along("hidden", jnp.zeros((2, tiny.VOCAB + 1)), jnp.array([1.0, 2.0]))
    found = corpus.find(None, tiny.recurrent, weights, flat, grams, EVERY_WORD, k=4, budget=budget)
    np.testing.assert_array_equal(found.step, [[0, 1, 2, 3]] * 2)
    np.testing.assert_array_equal(found.score, [[1.0] * 4, [2.0] * 4])


def test_where_fewer_than_k_exist_the_rest_is_marked(weights, grams):
    few = Tokens(grams.ids[:3], grams.mask[:3])
    found = corpus.find(None, tiny.recurrent, weights, TARGETS, few, EVERY_WORD, k=5, budget=1_000)
    np.testing.assert_array_equal(np.sort(found.step, axis=1), [[-1, -1, 0, 1, 2]] * tiny.VOCAB)
    assert np.all(np.isneginf(found.score[:, 3:])) and np.all(np.isfinite(found.score[:, :3]))


def test_a_score_that_is_no_number_never_wins(weights, grams):
    broken = Along("hidden", jnp.stack([jnp.full(tiny.VOCAB + 1, jnp.nan), jnp.ones(tiny.VOCAB + 1)]), jnp.zeros(2))
    found = corpus.find(None, tiny.recurrent, weights, broken, grams, EVERY_WORD)
    assert np.isnan(found.score[0, 0]) and found.step[0, 0] == -1 and not found.tokens.mask[0].any()
    assert np.isfinite(found.score[1, 0]) and found.tokens.mask[1].any()


def test_n_grams_can_be_read_in_their_sentence(weights):
    ids = np.random.default_rng(1).integers(0, tiny.VOCAB, (6, 7))
    text = Tokens(ids, np.ones(ids.shape, bool))
    grams = ngrams.unique(text, 3, in_sentence=True)
    found = corpus.find(None, tiny.recurrent, weights, TARGETS, grams, EVERY_WORD)
    states = np.asarray(tiny.recurrent(weights, Tokens(jnp.asarray(ids), jnp.asarray(text.mask)), {})[1]["hidden"])
    first = {}  # an n-gram is read where it first occurs
    for row, end in np.ndindex(6, 5):
        first.setdefault(tuple(ids[row, end : end + 3]), states[row, end + 2, : tiny.VOCAB])
    np.testing.assert_allclose(found.score[:, 0], np.max(list(first.values()), axis=0), atol=1e-6)


def test_no_n_gram_of_candidates_is_an_error(weights):
    grams = Tokens(np.array([[1, 2]], np.int32), np.ones((1, 2), bool))
    with pytest.raises(ValueError, match="no n-gram of the corpus is made of candidate words alone"):
        corpus.find(None, tiny.recurrent, weights, TARGETS, grams, jnp.arange(tiny.VOCAB) == 1)


def test_candidates_are_those_of_the_words(weights, grams):
    with pytest.raises(ValueError, match="a truth value for each word of the model's vocabulary"):
        corpus.find(None, tiny.recurrent, weights, TARGETS, grams, EVERY_WORD[:2])
