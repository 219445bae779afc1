"""Searches against models whose best input is known: in closed form, or because every input was tried."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.find import Onward, beam, best, coordinate, swap
from jaxneuron.tap import Tap, lookup
from jaxneuron.targets import Along, Unit
from jaxneuron.types import Tokens
from jaxneuron_models import imaginet, lstm_lm

VOCAB, WIDTH, TIME, TARGETS = 40, 6, 4, 12
CORPUS = Tokens(np.zeros((1, TIME), np.int32), np.ones((1, TIME), bool))


def linear(params, tokens, edits):
    """Run a recurrence without a bend: the state is A times the last one, plus the word."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
    embed = tap("embed/word", lookup(params["table"], tokens.ids), time)

    def step(state, word):
        state = state @ params["recur"] + word
        return state, state

    states = jax.lax.scan(step, jnp.zeros_like(embed[:, 0]), embed.swapaxes(0, 1))[1].swapaxes(0, 1)
    tap.record("state", states)
    return states, tap.activations()


def bag(params, tokens, edits):
    """Add the words up."""
    tap = Tap(edits)
    embed = tap("embed/word", lookup(params["table"], tokens.ids), jnp.arange(tokens.mask.shape[-1]))
    total = tap("state", jnp.sum(embed, axis=1, keepdims=True), jnp.zeros(1, jnp.int32))
    return total, tap.activations()


@pytest.fixture(scope="module")
def given():
    """Return weights, and directions to search along."""
    table, recur, along = jax.random.split(jax.random.key(3), 3)
    weights = {
        "table": jax.random.normal(table, (VOCAB, WIDTH)),
        "recur": 0.6 * jax.random.orthogonal(recur, WIDTH),
    }
    return weights, Along("state", jax.random.normal(along, (TARGETS, WIDTH)), jnp.zeros(TARGETS))


def optimum(model, weights, directions):
    """Return the highest score of each direction: each place has a best word of its own."""
    total, pull = 0.0, np.asarray(directions, np.float64)
    for _ in range(TIME):
        total += (pull @ np.asarray(weights["table"], np.float64).T).max(axis=1)
        pull = pull @ np.asarray(weights["recur"], np.float64).T if model is linear else pull
    return total


@pytest.mark.parametrize("model", [linear, bag])
@pytest.mark.parametrize("method", [beam, coordinate, best], ids=lambda method: method.__name__.rpartition(".")[2])
def test_what_is_separate_by_place_is_solved(method, model, given):
    weights, targets = given
    settings = method.Settings(**({"passes": 600, "least": 1} if method is best else {}))
    found = method.find(jax.random.key(0), model, weights, targets, CORPUS, np.ones(VOCAB, bool), settings=settings)
    np.testing.assert_allclose(found.score[:, 0], optimum(model, weights, targets.direction), rtol=1e-5)
    if method is not beam:
        assert np.all(found.optimal[:, 0] >= 1)


def gru():
    """Return a small Imaginet with its words apart."""
    config = imaginet.ImaginetConfig(60, features=3, embedding=8, units=12)
    forward, init = imaginet.build(config)
    params = init(jax.random.key(1))
    return forward, params | {"embedding": 20 * params["embedding"]}, "textual/gru"


def lstm():
    """Return a small LSTM with its words apart."""
    forward, init = lstm_lm.build(lstm_lm.LstmConfig(60, width=12, embedding=8))
    params = init(jax.random.key(1))
    return forward, params | {"word": 20 * params["word"]}, "lstm0/hidden"


@pytest.mark.parametrize("model", [gru, lstm])
def test_the_best_two_words_of_all_are_found(model):
    forward, params, site = model()
    every = np.stack(np.meshgrid(*[np.arange(60)] * 2, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int32)
    tokens = Tokens(jnp.asarray(every), jnp.ones(every.shape, bool))
    true = np.asarray(jax.jit(lambda: jnp.max(forward(params, tokens, {})[1][site][:, -1, :8], axis=0))())
    corpus, allowed = Tokens(every[:1], np.ones((1, 2), bool)), np.ones(60, bool)
    targets = Unit(site, jnp.arange(8))
    given = (jax.random.key(0), forward, params, targets, corpus, allowed)
    found = best.find(*given)
    np.testing.assert_allclose(found.score[:, 0], true, atol=1e-6)
    assert np.all(found.optimal[:, 0] == 2)  # two of two words: all pairs were tried
    found = best.find(*given, settings=best.Settings(passes=400, least=1))
    assert np.all(found.optimal[:, 0] == 1)  # all pairs would be 3,600 texts
    assert np.mean(np.isclose(found.score[:, 0], true, atol=1e-6)) >= 0.9


@pytest.mark.parametrize("method", [beam, coordinate, swap], ids=lambda method: method.__name__.rpartition(".")[2])
def test_reading_on_finds_the_same_for_less(method):
    forward, params, site = lstm()
    corpus, allowed = Tokens(np.zeros((1, 3), np.int32), np.ones((1, 3), bool)), np.ones(60, bool)
    given = (jax.random.key(0), forward, params, Unit(site, jnp.arange(6)), corpus, allowed)
    own = {"direction": "left-to-right"} if method is beam else {"steps": 4} if method is swap else {"sweeps": 2}
    onward = Onward(lstm_lm.step, lstm_lm.initial_state(lstm_lm.LstmConfig(60, width=12, embedding=8), 1))
    whole, shared = (
        method.find(*given, settings=method.Settings(**own), onward=one, k=2) for one in (None, onward)
    )  # fmt: skip
    np.testing.assert_allclose(shared.score, whole.score, atol=1e-6)
    np.testing.assert_array_equal(shared.tokens.ids, whole.tokens.ids)
    np.testing.assert_array_equal(shared.optimal, whole.optimal)
    assert float(shared.work[0]) < 0.8 * float(whole.work[0])
    elsewhere = Unit(site, jnp.arange(6), position=0)
    with pytest.raises(ValueError, match="read at the n-gram's last word"):
        method.find(*given[:3], elsewhere, *given[4:], onward=onward)


def test_a_certificate_is_true(given):
    weights, targets = given
    found = swap.find(
        jax.random.key(0), linear, weights, targets, CORPUS, np.ones(VOCAB, bool), settings=swap.Settings(steps=2), k=3
    )
    assert not np.any(found.optimal)  # nothing was tried in full
    found = coordinate.find(jax.random.key(0), linear, weights, targets, CORPUS, np.ones(VOCAB, bool), k=3)
    for target, direction in enumerate(targets.direction):
        for rank in range(3):
            text = np.asarray(found.tokens.ids[target, rank])
            near = np.repeat(np.tile(text, (VOCAB, 1))[None], TIME, axis=0)
            near[np.arange(TIME), :, np.arange(TIME)] = np.arange(VOCAB)
            near = jnp.asarray(near.reshape(-1, TIME))
            score = linear(weights, Tokens(near, jnp.ones(near.shape, bool)), {})[0][:, -1] @ direction
            if found.optimal[target, rank]:
                assert float(jnp.max(score)) <= float(found.score[target, rank]) + 1e-4
