"""Shapley values, exact, sampled and by regression, keep their axioms and agree with a walk over all orders."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import kernel_shap, shapley


def score(x, module=jnp):
    """Bend and mix four features; the fifth is not read, the first two are alike."""
    return module.sin(x[:, 0] + x[:, 1]) * x[:, 2] + module.exp(x[:, 3])


X = np.array([[0.3, 0.3, -1.2, 0.5, 2.0], [1.0, 1.0, 0.4, -0.7, 1.0]], np.float32)


def orders(x, baseline):
    """Return Shapley values by walking all orders."""
    values, ways = np.zeros(x.shape), list(itertools.permutations(range(x.shape[1])))
    for way in ways:
        now = np.array(np.broadcast_to(baseline, x.shape))
        for feature in way:
            before = score(now, np)
            now[:, feature] = x[:, feature]
            values[:, feature] += (score(now, np) - before) / len(ways)
    return values


def square(x):
    """Bend words of several units."""
    return x.sum(axis=(1, 2)) ** 2


@pytest.fixture(scope="module")
def exact():
    """Return the values of the example."""
    return shapley.attribute(None, score, X, 0.25)


def test_all_orders_agree(exact):
    np.testing.assert_allclose(exact, orders(X, np.float32(0.25)), atol=1e-5)


def test_the_axioms_hold(exact):
    np.testing.assert_allclose(exact.sum(axis=1), score(X, np) - score(np.full_like(X, 0.25), np), rtol=1e-5)
    np.testing.assert_allclose(exact[:, 0], exact[:, 1], rtol=1e-4)
    np.testing.assert_allclose(exact[:, 4], 0, atol=1e-6)


def test_sampled_orders_come_near_and_sum_exactly(key, exact):
    found = shapley.attribute(key, score, X, 0.25, samples=400)
    np.testing.assert_allclose(found, exact, atol=0.05)
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), rtol=1e-4)


def test_the_regression_on_all_coalitions_is_exact(key, exact):
    np.testing.assert_allclose(kernel_shap.attribute(key, score, X, 0.25), exact, atol=1e-5)


def test_the_regression_on_some_comes_near_and_sums_exactly(key, exact):
    found = kernel_shap.attribute(key, score, X, 0.25, samples=28)
    np.testing.assert_allclose(found, exact, atol=0.12)
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), rtol=1e-5)


def test_many_players_are_sampled(key):
    weights = np.linspace(-1, 1, 40, dtype=np.float32)
    x = np.random.default_rng(0).normal(size=(2, 40)).astype(np.float32)
    f = lambda x: x @ weights  # noqa: E731
    np.testing.assert_allclose(kernel_shap.attribute(key, f, x, samples=200), x * weights, atol=1e-4)
    np.testing.assert_allclose(shapley.attribute(key, f, x, samples=2), x * weights, atol=1e-5)
    with pytest.raises(ValueError, match="40 players"):
        shapley.attribute(None, f, x)


@pytest.mark.parametrize("method", [shapley, kernel_shap])
def test_groups_share_and_padding_gets_nothing(key, method):
    x, mask = (
        np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32),
        np.array([[True, True, True], [True, True, False]]),
    )
    found = method.attribute(key, square, x, groups=np.arange(3)[:, None], mask=mask)
    np.testing.assert_allclose(found[..., 0], found[..., 1])
    assert not found[1, 2].any()
    rest = square(x) - square(np.where(mask[..., None], 0, x))
    np.testing.assert_allclose(found[..., 0].sum(axis=1), rest, atol=1e-4)


def test_one_player_gets_everything(key):
    for found in (shapley.attribute(None, score, X, groups=0 * np.arange(5)),
                  kernel_shap.attribute(key, score, X, groups=0 * np.arange(5))):  # fmt: skip
        np.testing.assert_allclose(found[:, 0], score(X, np) - score(0 * X, np), rtol=1e-5)


def test_samples_need_a_key():
    with pytest.raises(ValueError, match="give a key"):
        shapley.attribute(None, score, X, samples=10)
