"""Every case of Captum's that names a gradient or a path, through our functions."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import (
    conductance,
    expected_gradients,
    input_x_gradient,
    integrated_gradients,
    internal_influence,
    saliency,
    smooth_grad,
)
from jaxneuron.attribute._quadrature import quadrature
from tests.attribute.captum_models import CASES, INPUTS, assert_agrees, case, cases, prepare

RULE = {"gausslegendre": "gauss_legendre", "riemann_trapezoid": "captum_trapezoid"}


def options(case):
    """Return steps and rule by our names."""
    given = case.get("kwargs", {})
    rule = given.get("method", "gausslegendre")
    return {"steps": given.get("n_steps", 50), "rule": RULE.get(rule, rule)}


def above(problem, site=INPUTS, target=None):
    return split.above(problem.forward, problem.params, problem.tokens, site, target or problem.target)


def through(problem):
    return split.through(problem.forward, problem.params, problem.tokens, INPUTS, problem.site, problem.target)


def value(problem, site, x=None):
    tokens = problem.tokens if x is None else problem.tokens._replace(ids=x[:, None])
    return split.below(problem.forward, problem.params, site)(tokens)


@pytest.mark.parametrize("row", CASES["quadrature"], ids=lambda row: f"{row['method']}-{row['n']}")
def test_quadrature(row):
    nodes, weights = quadrature(RULE.get(row["method"], row["method"]), row["n"])
    np.testing.assert_allclose(nodes, row["alphas"], atol=1e-7)
    np.testing.assert_allclose(weights, row["step_sizes"], atol=1e-7)


@pytest.mark.parametrize("name", cases("IntegratedGradients", "NeuronIntegratedGradients"))
def test_integrated_gradients(name):
    problem = prepare(case(name))
    f = above(problem, target=problem.neuron)
    found = integrated_gradients.attribute(f, problem.x, problem.baseline, **options(problem.case))
    assert_agrees(found.attribution, problem)


@pytest.mark.parametrize("name", cases("LayerConductance"))
def test_layer_conductance(name):
    problem = prepare(case(name))
    found = conductance.attribute(
        through(problem), problem.x, problem.baseline, derivative="finite", **options(problem.case)
    )
    assert_agrees(found.attribution, problem)


@pytest.mark.parametrize("name", cases("NeuronConductance"))
def test_neuron_conductance(name):
    problem = prepare(case(name))
    inputs = through(problem), problem.x, problem.baseline
    one = conductance.unit(*inputs, problem.neuron.weights, **options(problem.case))
    assert_agrees(one, problem)
    every = conductance.units(*inputs, **options(problem.case)).attribution
    assert_agrees(every[..., jnp.argmax(problem.neuron.weights)], problem)


@pytest.mark.parametrize("name", cases("InternalInfluence"))
def test_internal_influence(name):
    problem = prepare(case(name))
    found = internal_influence.attribute(through(problem), problem.x, problem.baseline, **options(problem.case))
    assert_agrees(found, problem)


@pytest.mark.parametrize("name", cases("LayerGradientXActivation"))
def test_layer_gradient_x_activation(name):
    problem = prepare(case(name))
    found = [input_x_gradient.attribute(above(problem, site), value(problem, site)) for site in problem.sites]
    assert_agrees(found if len(found) > 1 else found[0], problem)


@pytest.mark.parametrize("name", cases("LayerGradientShap"))
def test_expected_gradients(name, key):
    problem = prepare(case(name))
    x, baseline = (value(problem, problem.site, at) for at in (problem.x, problem.baseline))
    multiply = problem.case.get("ctor", {}).get("multiply_by_inputs", True)
    found = expected_gradients.attribute(key, above(problem, problem.site), x, baseline, multiply=multiply)
    assert_agrees(found.attribution, problem)


@pytest.mark.parametrize("name", cases("NoiseTunnel"))
def test_smooth_grad(name, key):
    problem = prepare(case(name))
    given, kinds = problem.case["kwargs"], {"smoothgrad": "mean", "smoothgrad_sq": "square", "vargrad": "variance"}
    found = smooth_grad.attribute(
        key,
        above(problem),
        problem.x,
        samples=given["nt_samples"],
        deviation=given["stdevs"],
        kind=kinds[given["nt_type"]],
        method=functools.partial(saliency.attribute, absolute=given.get("abs", True)),
    )
    assert_agrees(found, problem)
