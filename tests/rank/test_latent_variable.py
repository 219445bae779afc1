import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.rank import latent_variable, linear
from jaxneuron.rank.latent_variable import _subsets
from jaxneuron.types import Probe
from tests.quick import quick_compilation  # noqa: F401

TOKENS, UNITS = 300, 6


@pytest.fixture(scope="module")
def data():
    """Three classes that units 1 and 4 tell apart, 4 by its absence."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(TOKENS, UNITS)).astype(np.float32)
    score = np.stack([3 * x[:, 1], -3 * x[:, 4], np.zeros(TOKENS)], axis=1) + rng.gumbel(size=(TOKENS, 3))
    return 2 * x + 1, score.argmax(axis=1)


def every_subset(units):
    return np.array(list(itertools.product([False, True], repeat=units)))


def test_sums_and_chances_are_those_of_all_subsets():
    logit = np.array([0.5, -1.0, 2.0, 0.0], np.float32)
    subsets = every_subset(4)
    weight = np.exp(subsets @ logit)
    size = subsets.sum(axis=1)
    sums = np.array([weight[size == k].sum() for k in range(5)])
    np.testing.assert_allclose(np.exp(_subsets.log_sums(jnp.asarray(logit), 4)[-1]), sums, rtol=1e-5)
    chances = jnp.exp(_subsets.log_chance(jnp.asarray(logit), jnp.asarray(subsets), 4))
    np.testing.assert_allclose(chances, weight / sums[size], rtol=1e-5)
    gradient = jax.grad(lambda x: _subsets.log_sums(x, 3)[-1, 2])(jnp.asarray(logit))
    pairs = size == 2
    np.testing.assert_allclose(gradient, weight[pairs] @ subsets[pairs] / sums[2], rtol=1e-5)


def test_entropy_is_that_of_all_subsets():
    logit = np.array([0.5, -1.0, 2.0])
    chance = np.prod(np.where(every_subset(3), 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))), axis=1)
    assert _subsets.entropy(jnp.asarray(logit, jnp.float32)) == pytest.approx(
        -np.sum(chance * np.log(chance)), rel=1e-5
    )


def test_subsets_are_drawn_as_often_as_is_their_chance(key):
    logit = jnp.array([0.5, -1.0, 2.0, 0.0])
    drawn = np.asarray(_subsets.sized(key, logit, jnp.full(20_000, 2), 3))
    assert (drawn.sum(axis=1) == 2).all()
    pairs = np.array([s for s in every_subset(4) if s.sum() == 2])
    often = np.array([(drawn == pair).all(axis=1).mean() for pair in pairs])
    np.testing.assert_allclose(often, np.exp(_subsets.log_chance(logit, jnp.asarray(pairs), 3)), atol=0.015)


@pytest.mark.parametrize("subsets", ["poisson", "conditional_poisson"])
def test_planted_units_come_first(key, data, subsets):
    before = data[0].copy()
    settings = latent_variable.Settings(subsets=subsets, samples=8, epochs=25, batch=50, learning_rate=0.05)
    ranking, probe = latent_variable.rank(key, *data, settings=settings)
    assert ranking.score.shape == (1, UNITS) and set(np.asarray(ranking.order[0, :2])) == {1, 4}
    assert (data[0] == before).all()
    mask = np.zeros((2, UNITS), bool)
    mask[0, [1, 4]] = mask[1, [0, 2]] = True
    right = np.mean(np.asarray(linear.logits(probe, data[0], mask)).argmax(-1) == data[1], axis=1)
    assert right[0] > 0.7 and right[0] > right[1] + 0.2


def test_slopes_are_the_gradient_of_the_bound():
    """For a loss that is quadratic in the units present, the estimate is right on average."""
    rng = np.random.default_rng(1)
    a, b, logit = rng.normal(size=3), rng.normal(), jnp.asarray(rng.normal(size=3), jnp.float32)
    subsets = every_subset(3).astype(np.float32)

    def chance(logit):
        return jnp.prod(jnp.where(subsets > 0, jax.nn.sigmoid(logit)[None], jax.nn.sigmoid(-logit)[None]), axis=1)

    def bound(logit):
        return jnp.sum(chance(logit) * (subsets @ a - b) ** 2) - 0.3 * _subsets.entropy(logit)

    slope = 2 * (subsets @ a - b)[:, None] * a
    one = lambda subset, slope: latent_variable._by_slope(logit, subset[None], slope[None], jnp.float32(0.3))
    each = jax.vmap(one)(jnp.asarray(subsets), jnp.asarray(slope, jnp.float32))
    np.testing.assert_allclose(chance(logit) @ each, jax.grad(bound)(logit), atol=1e-5)


@pytest.mark.parametrize("by", ["log_likelihood", "accuracy"])
def test_greedy_is_that_of_masked_probes(data, by):
    x, y = data
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(3, UNITS)), rng.normal(size=3), rng.normal(size=UNITS), 1 + rng.uniform(size=UNITS)
    probe = Probe(*(jnp.asarray(part, jnp.float32) for part in parts), {"loss": "softmax"})
    mask, order = np.zeros(UNITS, bool), []
    for _ in range(4):
        masks = mask | np.eye(UNITS, dtype=bool)
        z = jax.nn.log_softmax(linear.logits(probe, x, masks), axis=-1)
        z = np.asarray(z)
        worth = np.mean(z[:, np.arange(TOKENS), y] if by == "log_likelihood" else z.argmax(-1) == y, axis=1)
        order.append(int(np.argmax(np.where(mask, -np.inf, worth))))
        mask[order[-1]] = True
    ranking = latent_variable.greedy(probe, x, y, select=4, by=by, budget=60_000)
    assert np.asarray(ranking.order[0, :4]).tolist() == order


def test_bad_input_says_what_to_do(key, data):
    with pytest.raises(ValueError, match="conditional_poisson"):
        latent_variable.fit(key, *data, settings=latent_variable.Settings(subsets="conditional_poisson", samples=1))
    with pytest.raises(ValueError, match="subsets of 1 to 6 units"):
        latent_variable.fit(key, *data, settings=latent_variable.Settings(subsets="conditional_poisson", most=9))
    probe = Probe(jnp.ones((3, UNITS)), jnp.ones(3), jnp.zeros(UNITS), jnp.ones(UNITS), {})
    with pytest.raises(ValueError, match="1 to 6 units"):
        latent_variable.greedy(probe, *data, select=7)
