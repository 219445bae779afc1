"""LIME's linear model is scikit-learn's weighted lasso on the same coalitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Lasso

from jaxneuron.attribute import lime
from jaxneuron.attribute._lasso import lasso


def test_coordinate_descent_finds_what_scikit_learn_finds():
    random = np.random.default_rng(0)
    z = np.concatenate([random.integers(0, 2, (60, 7)), np.ones((60, 1))], axis=1)  # one that never changes
    score = z @ [3, -2, 1, 0, 0, 0, 0.3, 1] + 0.1 * random.normal(size=60)
    weight = random.uniform(size=60)
    run = jax.jit(lasso)
    for strength in (0.01, 0.1, 10.0):
        found = run(*(jnp.asarray(a, jnp.float32) for a in (z, score, weight)), strength)
        fitted = Lasso(alpha=strength, tol=1e-10).fit(z, score, weight)
        np.testing.assert_allclose(found.weights, fitted.coef_, atol=1e-4)
        np.testing.assert_allclose(found.intercept, fitted.intercept_, atol=1e-4)
        np.testing.assert_allclose(found.fit, fitted.score(z, score, weight), atol=1e-4)


def linear(x):
    """Weigh four features."""
    return x @ np.array([1, -2, 0, 3], np.float32)


def test_a_linear_score_is_explained(key):
    x = np.array([[1, 2, 3, 4], [2, 1, -1, 1]], np.float32)
    found = lime.explain(key, linear, x, samples=100, strength=1e-4)
    np.testing.assert_allclose(found.weights, x * [1, -2, 0, 3], atol=0.01)
    np.testing.assert_allclose(found.fit, 1, atol=1e-4)


def bent(x):
    """Mix three features."""
    return x[:, 0] * x[:, 1] + x[:, 2] ** 2


def test_samples_weigh_by_their_distance(key):
    x = np.array([[1, 2, 0.5]], np.float32)
    z = np.asarray(jax.random.bernoulli(key, shape=(40, 3)), float)
    cosine = (z * x) @ x[0] / np.maximum(np.linalg.norm(z * x, axis=1) * np.linalg.norm(x), 1e-8)
    for distance, apart in (("cosine", 1 - cosine), ("euclidean", np.linalg.norm(z * x - x, axis=1))):
        found = lime.attribute(key, bent, x, samples=40, kernel=lime.Kernel(distance, 0.7))
        fitted = Lasso(alpha=0.01, tol=1e-10).fit(z, bent(z * x), np.exp(-(apart**2) / (2 * 0.7**2)))
        np.testing.assert_allclose(found[0], fitted.coef_, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("samples", {"samples": 1}),
        ("width", {"kernel": lime.Kernel(width=0.0)}),
        ("strength", {"strength": -1.0}),
        ("distance", {"kernel": lime.Kernel("city")}),
    ],
)
def test_settings_out_of_range_are_named(key, name, options):
    with pytest.raises(ValueError, match=name):
        lime.attribute(key, bent, np.ones((1, 3), np.float32), **options)
