"""What is peculiar to gumbel softmax: the noise, the schedule and the harvest."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.find import _climb, _gumbel, _words, gumbel_softmax
from tests.find.test_ascent import ALLOWED, T, V, find

X = jax.random.normal(jax.random.key(1), (2, T, V))


def values(coldest=0.1):
    return _climb.Values(ALLOWED, None, *map(jnp.float32, (0.1, 2.0, 0.0, coldest)))


def noisy(temperature, samples=64):
    return _gumbel.noisy(jax.random.key(0), X, jnp.float32(temperature), values(), samples)


@pytest.mark.parametrize("temperature", [2.0, 0.5, 0.1])
def test_samples_are_distributions_over_candidates(temperature):
    words = noisy(temperature)
    assert words.shape == (2 * 64, T, V)
    np.testing.assert_allclose(words.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(words[..., ~np.asarray(ALLOWED)], 0.0)


def test_cold_samples_are_nearly_words_drawn_from_the_softmax():
    hot, cold = (float(jnp.mean(jnp.max(noisy(temperature), axis=-1))) for temperature in (2.0, 0.01))
    assert cold > 0.98 > 0.7 > hot
    words = noisy(0.01, 4000).reshape(4000, 2, T, V).mean(axis=0)
    np.testing.assert_allclose(words, jax.nn.softmax(_words.allowed(X, values()), axis=-1), atol=0.04)


def test_samples_belong_to_their_restart():
    sure = jnp.full((2, T, V), -50.0).at[0, :, 3].set(50.0).at[1, :, 6].set(50.0)
    words = _gumbel.noisy(jax.random.key(0), sure, jnp.float32(0.1), values(), 5)
    np.testing.assert_array_equal(jnp.argmax(words, axis=-1), [[3] * T, [6] * T] * 5)


@pytest.mark.parametrize("seed", range(3))
def test_the_harvest_never_makes_it_worse(weights, seed):
    options = {"steps": 2, "epoch": 2, "keep": "step", "key": seed, "samples": 32, "learning_rate": 0.01}
    without, harvested = (find(gumbel_softmax, weights, **options, harvest=harvest) for harvest in (False, True))
    assert np.all(harvested.score >= without.score - 1e-6)
    assert np.any(harvested.score > without.score + 1e-3)


def test_without_a_decay_the_floor_is_reached_at_the_last_step(weights, monkeypatch):
    seen, begin = [], _climb.begin
    monkeypatch.setattr(_climb, "begin", lambda *inputs, **options: seen.append(inputs[2]) or begin(*inputs, **options))
    find(gumbel_softmax, weights, steps=50, temperature=(2.0, 0.5), decay=None)
    heat = [float(_climb.temperature_at(jnp.int32(step), seen[0])) for step in range(50)]
    assert heat[0] == 2.0 and heat[-2] > 0.5
    np.testing.assert_allclose(heat[-1], 0.5, rtol=1e-5)
    np.testing.assert_allclose(np.diff(np.log(heat)), np.log(0.25) / 49, rtol=1e-3)


@pytest.mark.parametrize("wrong", [{"temperature": (1.0, 0.0)}, {"temperature": (0.1, 2.0)}, {"decay": 1.1}])
def test_a_temperature_that_does_not_fall_is_refused(weights, wrong):
    with pytest.raises(ValueError, match="the temperature must fall and stay above 0"):
        find(gumbel_softmax, weights, **wrong)
