import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.types import Tokens
from jaxneuron.writes import entropy
from tests import tiny
from tests.writes import handmade

RANDOM = np.random.default_rng(0)
TEXT = Tokens(
    RANDOM.integers(0, handmade.WORDS, (6, 5)).astype(np.int32), np.arange(5) < np.array([5, 3, 4, 5, 2, 5])[:, None]
)
FREQUENCY = np.array([50.0, 20, 10, 5, 4, 3, 2, 1])
SITE = "block0/mlp/hidden"


def test_a_unit_that_only_the_norm_sees_is_an_entropy_unit_and_no_other_is():
    found = entropy.write(jax.random.key(0), handmade.forward, handmade.weights(jax.random.key(0)), TEXT, site=SITE)
    assert np.flatnonzero(found.is_entropy).tolist() == [handmade.SCALE]
    assert found.entropy_held[handmade.SCALE] < 1e-5 < 0.01 < found.entropy[handmade.SCALE]
    assert found.variance[handmade.SCALE] < found.null < found.variance[: handmade.SCALE].min()
    np.testing.assert_allclose(found.norm[[0, handmade.SCALE, handmade.DEAD]], [1, 6, 0], atol=1e-5)


def test_a_unit_that_writes_how_frequent_words_are_is_a_frequency_unit_and_no_other_is():
    params = handmade.weights(jax.random.key(0))
    log = np.log(FREQUENCY) - np.log(FREQUENCY).mean()
    along = np.pad(log / params["final"][: handmade.WORDS], (0, 2)) * 0.5
    params |= {"out": params["out"].at[3].set(along).at[handmade.SCALE].set(0)}
    found = entropy.write(jax.random.key(0), handmade.forward, params, TEXT, site=SITE, frequency=FREQUENCY)
    assert np.flatnonzero(found.is_frequency).tolist() == [3]
    np.testing.assert_allclose(found.unigram[3], 1, atol=1e-3)
    assert np.abs(np.delete(found.unigram, 3)).max() < 0.9


def test_the_changes_are_those_of_a_loop():
    params = handmade.weights(jax.random.key(0))
    found = entropy.write(jax.random.key(0), handmade.forward, params, TEXT, np.array([2]), site=SITE)
    tokens = Tokens(*map(jnp.asarray, TEXT))
    states = handmade.forward(params, tokens, {})[1]
    hidden = states[SITE]
    mean = hidden[TEXT.mask].mean(axis=0)[2]
    residual = states["block0/residual"] + (mean - hidden[..., 2])[..., None] * params["out"][2][None, None]
    scale = 1 / np.sqrt(np.mean(np.asarray(states["block0/residual"]) ** 2, axis=-1, keepdims=True) + 1e-6)
    shares = [
        jax.nn.log_softmax(value * params["final"][None, None] @ params["head"])
        for value in (states["block0/residual"] * scale, residual * scale, handmade.normed(residual, 1.0))
    ]
    before, held, after = (np.asarray(-jnp.sum(jnp.exp(one) * one, axis=-1))[TEXT.mask] for one in shares)
    np.testing.assert_allclose(found.entropy, np.abs(after - before).mean(), rtol=1e-3)
    np.testing.assert_allclose(found.entropy_held, np.abs(held - before).mean(), rtol=1e-3)


def test_models_and_sites_that_have_no_such_units_are_named(weights):
    params = handmade.weights(jax.random.key(0))
    with pytest.raises(ValueError, match="no norm stands between 'hidden' and the scores"):
        entropy.write(jax.random.key(0), tiny.recurrent, weights, TEXT, site="hidden")
    with pytest.raises(ValueError, match="past the final norm"):
        entropy.write(jax.random.key(0), handmade.forward, params, TEXT, site="final")
    with pytest.raises(ValueError, match="8 numbers above 0"):
        entropy.write(jax.random.key(0), handmade.forward, params, TEXT, site=SITE, frequency=np.zeros(8))
