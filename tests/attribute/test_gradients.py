"""Saliency, input x gradient and their averages over noise, on functions whose derivatives are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import expected_gradients, input_x_gradient, integrated_gradients, saliency, smooth_grad

WEIGHT = jnp.array([1.0, -2.0, 0.5])
X = jnp.array([[0.3, -1.0, 2.0], [1.5, 0.2, -0.7]])


def linear(x):
    return x @ WEIGHT


def quadratic(x):
    return jnp.sum(x**2, axis=-1)


def test_saliency_is_the_gradient():
    np.testing.assert_allclose(saliency.attribute(quadratic, X), 2 * np.abs(X), rtol=1e-6)
    np.testing.assert_allclose(saliency.attribute(quadratic, X, absolute=False), 2 * X, rtol=1e-6)


def test_input_x_gradient_of_a_linear_score_is_complete():
    found = input_x_gradient.attribute(linear, X)
    np.testing.assert_allclose(found, X * WEIGHT[None], rtol=1e-6)
    np.testing.assert_allclose(found.sum(1), linear(X), rtol=1e-6)


def test_all_sites_in_one_pass_equal_each_alone(bert):
    sites = tuple(split.on_path(bert.forward, bert.params, bert.tokens, "embed/word", bert.target))
    through = split.through(bert.forward, bert.params, bert.tokens, "embed/word", sites, bert.target)
    every = input_x_gradient.layers(through, bert.x)
    assert tuple(every) == tuple(sorted(sites))
    above = split.above(bert.forward, bert.params, bert.tokens, "block0/mlp/hidden", bert.target)
    value = jax.jit(split.below(bert.forward, bert.params, "block0/mlp/hidden"))(bert.tokens)
    np.testing.assert_allclose(every["block0/mlp/hidden"], input_x_gradient.attribute(above, value), atol=1e-4)


def test_without_noise_smooth_grad_is_the_gradient(key):
    for kind, right in [("mean", 2 * X), ("square", 4 * X**2), ("variance", 0 * X)]:
        found = smooth_grad.attribute(key, quadratic, X, deviation=jnp.zeros(3), kind=kind)
        np.testing.assert_allclose(found, right, atol=1e-6)


def test_noise_has_the_deviation_asked_for(key):
    deviation = jnp.array([0.1, 1.0, 0.0])
    mean, square, variance = (
        smooth_grad.attribute(key, quadratic, X, samples=4000, deviation=deviation, kind=kind)
        for kind in ("mean", "square", "variance")
    )
    np.testing.assert_allclose(mean, 2 * X, atol=0.2)
    np.testing.assert_allclose(variance, jnp.broadcast_to(4 * deviation[None] ** 2, X.shape), rtol=0.1, atol=1e-6)
    np.testing.assert_allclose(square, mean**2 + variance * 3999 / 4000, rtol=1e-3)


def test_smooth_grad_averages_any_attribution(key):
    found = smooth_grad.attribute(key, linear, X, samples=3, method=saliency.attribute)
    np.testing.assert_allclose(found, jnp.broadcast_to(jnp.abs(WEIGHT)[None], X.shape), rtol=1e-6)


def test_expected_gradients_of_a_linear_score_need_the_mean_baseline_only(key):
    found = expected_gradients.attribute(key, linear, X, jnp.ones((2, 3)), samples=2)
    np.testing.assert_allclose(found.attribution, (X - 1) * WEIGHT[None], rtol=1e-5)
    np.testing.assert_allclose(found.error, 0, atol=1e-5)


def test_expected_gradients_are_integrated_gradients_over_many_baselines(key):
    baselines = jax.random.normal(key, (2, 3))

    def score(x):
        return jnp.tanh(x @ WEIGHT) + quadratic(x)

    found = expected_gradients.attribute(key, score, X, baselines, samples=6000)
    each = [integrated_gradients.attribute(score, X, row[None]).attribution for row in baselines]
    np.testing.assert_allclose(found.attribution, np.mean(each, axis=0), atol=0.15)
    summed = found.attribution.sum(1) - (score(X) - score(baselines).mean())
    np.testing.assert_allclose(found.error, summed, atol=1e-4)


def test_the_key_decides(key):
    first, again, other = (
        smooth_grad.attribute(jax.random.key(seed), quadratic, X, deviation=jnp.ones(3)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.max(np.abs(first - other)) > 0.1


@pytest.mark.parametrize("multiply", [True, False])
def test_noise_around_the_input_is_averaged_out(key, multiply):
    found = expected_gradients.attribute(
        key, linear, X, jnp.zeros((2, 3)), samples=2000, deviation=0.5, multiply=multiply
    )
    right = jnp.broadcast_to(WEIGHT[None], X.shape) * (X if multiply else 1)
    np.testing.assert_allclose(found.attribution, right, atol=0.1)
