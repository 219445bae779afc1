import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import deep_lift, guided_backprop
from tests.attribute.captum_models import INPUTS, assert_agrees, case, cases, prepare


def above(problem, site, target):
    return split.above(problem.forward, problem.params, problem.tokens, site, target)


@pytest.mark.parametrize("name", cases("DeepLift", "NeuronDeepLift"))
def test_captums_cases(name):
    problem = prepare(case(name))
    f = above(problem, INPUTS, problem.neuron or problem.target)
    assert_agrees(deep_lift.attribute(f, problem.x, problem.baseline), problem)


@pytest.mark.parametrize("name", cases("LayerDeepLift"))
def test_captums_cases_of_layers(name):
    problem = prepare(case(name))
    site = split.below(problem.forward, problem.params, problem.site)
    x, baseline = (site(problem.tokens._replace(ids=at[:, None])) for at in (problem.x, problem.baseline))
    assert_agrees(deep_lift.attribute(above(problem, problem.site, problem.target), x, baseline), problem)


@pytest.mark.parametrize("name", cases("GuidedBackprop", "Deconvolution", "NeuronGuidedBackprop"))
def test_guided_backprop_agrees_with_captum(name):
    problem = prepare(case(name))
    f = above(problem, INPUTS, problem.neuron or problem.target)
    kind = "deconvolution" if problem.case["method"] == "Deconvolution" else "guided"
    found = guided_backprop.attribute(f, problem.x, kind=kind)
    sizes = np.cumsum([np.prod(shape) for shape in problem.shapes])[:-1]
    parts = jnp.split(found, sizes, axis=1)
    assert_agrees(parts if len(parts) > 1 else parts[0], problem)


def test_captums_maximum():
    x, baseline = jnp.ones((2, 4)), jnp.array([[1.0, 2.0, 3.0, 9.0], [4.0, 8.0, 6.0, 7.0]])
    found = deep_lift.attribute(lambda x: jnp.max(x, axis=1), x, baseline)
    assert found.tolist() == [[0, 0, 0, -8], [0, -7, 0, 0]]


def test_a_product_is_shared_evenly_and_a_nonlinearity_is_one():
    x, baseline = jnp.array([[2.0, 3.0]]), jnp.array([[1.0, -1.0]])
    found = deep_lift.attribute(lambda x: x[:, 0] * x[:, 1], x, baseline)
    np.testing.assert_allclose(found, [[1.0 * 1.0, 4.0 * 1.5]], rtol=1e-6)  # Shapley values of x1 x2
    for bend in (jax.nn.gelu, jax.nn.silu, jnp.square, lambda x: jnp.where(x > 1.5, x, 0.1 * x)):
        found = deep_lift.attribute(lambda x, bend=bend: bend(2 * x).sum(1), x, baseline)
        np.testing.assert_allclose(found, bend(2 * x) - bend(2 * baseline), rtol=1e-5)


def test_softmax_in_any_layout_and_of_any_batch():
    x = jnp.array([[1.0, 0.2, -0.5], [3.0, 1.0, 0.0]])
    value = jnp.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]])

    def late(x):  # divided after the product, as our attention is
        weight = jnp.exp(x - jnp.max(x, axis=1, keepdims=True))
        return ((weight @ value) / jnp.sum(weight, axis=1, keepdims=True))[:, 0]

    found = deep_lift.attribute(lambda x: (jax.nn.softmax(x) @ value)[:, 0], x)
    np.testing.assert_allclose(deep_lift.attribute(late, x), found, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), late(x) - late(0 * x), atol=1e-6)
    np.testing.assert_allclose(deep_lift.attribute(late, x[:1])[0], found[0], atol=1e-7)
    shifted = deep_lift.attribute(lambda x: jax.nn.logsumexp(x, axis=1) - jax.nn.log_softmax(x)[:, 0], x)
    np.testing.assert_allclose(shifted.sum(1), 2 * (jax.nn.logsumexp(x, axis=1) - np.log(3)) - x[:, 0], atol=1e-6)


def test_a_scale_of_differences_does_not_blow_up():
    x, baseline = jnp.array([[1.0, 1e-9]]), jnp.array([[1.0 + 1e-7, 0.0]])
    found = deep_lift.attribute(lambda x: jnp.exp(x).sum(1), x, baseline)
    np.testing.assert_allclose(found, [[jnp.e * (x - baseline)[0, 0], 1e-9]], rtol=1e-5)
