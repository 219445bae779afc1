"""The fast noise is Gumbel, and no number tells of another."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxneuron.find._noise import exponential

SHAPE = (4, 50, 500)
BOUND = 5 / np.sqrt(np.prod(SHAPE))
"""Five standard errors of a correlation over so many pairs."""


def gumbel(key, shape):
    """Return Gumbel noise."""
    return -jnp.log(exponential(key, shape))


def correlation(a, b):
    return abs(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


@pytest.mark.parametrize("seed", range(3))
def test_the_distribution_is_gumbel(seed):
    noise = np.asarray(gumbel(jax.random.key(seed), SHAPE))
    assert np.all(np.isfinite(noise))
    assert stats.kstest(noise.ravel(), "gumbel_r").pvalue > 1e-3
    np.testing.assert_allclose([noise.mean(), noise.var()], [np.euler_gamma, np.pi**2 / 6], atol=0.02)
    assert noise.max() > 9  # the tail is there: 1 of 8,000 is above 9


def test_keys_give_independent_noise():
    key = jax.random.key(0)
    keys = [key, *(jax.random.fold_in(key, number) for number in range(4)), jax.random.key(1)]
    noise = [np.asarray(gumbel(key, SHAPE)) for key in keys]
    for first in range(len(noise)):
        for second in range(first):
            assert correlation(noise[first], noise[second]) < BOUND
            assert correlation(noise[first].ravel()[1:], noise[second].ravel()[:-1]) < BOUND


@pytest.mark.parametrize("lag", [1, 2, 8, 64, 500, 512, 4096, 25_000])
def test_positions_are_independent(lag):
    noise = np.asarray(gumbel(jax.random.key(5), SHAPE)).ravel()
    assert correlation(noise[lag:], noise[:-lag]) < 5 / np.sqrt(len(noise) - lag)
    ranks = np.argsort(np.argsort(noise)) * 16 // len(noise)
    pairs = np.histogram2d(ranks[lag:], ranks[:-lag], bins=16)[0]
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4


def test_argmax_of_noisy_logits_samples_their_softmax():
    logits = jnp.log(jnp.array([0.5, 0.3, 0.15, 0.05]))
    draws = np.asarray(jnp.argmax(logits[None] + gumbel(jax.random.key(2), (20_000, 4)), axis=-1))
    counts = np.bincount(draws, minlength=4)
    assert stats.chisquare(counts, 20_000 * np.exp(np.asarray(logits, np.float64))).pvalue > 1e-3


def test_a_batch_of_keys_is_a_loop_over_them():
    keys = jax.random.split(jax.random.key(0), 3)
    batch = jax.vmap(lambda key: gumbel(key, (2, 5)))(keys)
    for row, key in enumerate(keys):
        np.testing.assert_array_equal(batch[row], gumbel(key, (2, 5)))
