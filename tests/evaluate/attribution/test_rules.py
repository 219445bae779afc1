"""Whether an attribution keeps still, forgets with its model, and keeps the axioms; and retraining without its top."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.evaluate.attribution import axioms, roar
from jaxneuron.evaluate.attribution.randomisation import randomisation
from jaxneuron.evaluate.attribution.sensitivity import sensitivity
from jaxneuron.types import Path


def gradient(f, x):
    return jax.grad(lambda x: jnp.sum(f(x)))(x)


def test_sensitivity_of_a_linear_explanation_is_at_most_the_radius_over_the_norm(key):
    x = jnp.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    found = sensitivity(key, lambda x: x, x, radius=0.1, samples=200)
    most = 0.1 * np.sqrt(2)
    assert found[0] <= most / 5 + 1e-6
    np.testing.assert_allclose(found[1], 10 * found[0], rtol=0.3)
    assert most * 0.7 < found[2] <= most + 1e-6  # nothing to divide by: the change itself
    still = sensitivity(key, lambda x: x, x, radius=np.zeros((3, 2)), samples=3)
    assert (still == 0).all()
    path = sensitivity(key, lambda x: Path(x, x[:, 0]), x, radius=0.1, samples=200, budget=1)
    np.testing.assert_allclose(path, found, rtol=1e-5)
    with pytest.raises(ValueError, match="at least one sample"):
        sensitivity(key, lambda x: x, x, samples=0)


def test_randomising_layers_changes_what_reads_them_and_only_that(key):
    weights = {"head": jnp.arange(1.0, 9.0), "body": {"kernel": jnp.linspace(-1, 1, 8), "scale": jnp.ones(1)}}

    def reads(params, x):
        return x * (params["head"] * params["body"]["kernel"])[None]

    x = jnp.asarray(np.random.default_rng(0).uniform(0.5, 1.5, size=(3, 8)), jnp.float32)
    found = randomisation(key, reads, weights, x, ["head", "body"])
    assert found.layers == ("", "head", "body") and found.spearman.shape == (3, 3)
    np.testing.assert_allclose([found.spearman[0], found.cosine[0]], 1, rtol=1e-6)
    assert (found.spearman[1:] < 0.999).all()
    body = randomisation(key, lambda p, x: x * p["body"]["kernel"][None], weights, x, ["head", "body"])
    np.testing.assert_allclose(body.cosine[1], 1, rtol=1e-6)  # the head does not matter here
    assert (body.cosine[2] < 0.999).all()
    alone = randomisation(key, lambda p, x: x * p["head"][None], weights, x, ["head", "body"], independent=True)
    assert (alone.cosine[1] < 0.999).all()
    np.testing.assert_allclose(alone.cosine[2], 1, rtol=1e-6)
    with pytest.raises(ValueError, match="tail"):
        randomisation(key, reads, weights, x, ["tail"])


def test_dummy_blames_only_what_gets_something_for_nothing(key):
    f = lambda x: jnp.tanh(x[:, 0]) * x[:, 2]
    x = jnp.asarray(np.random.default_rng(1).normal(size=(4, 3)), jnp.float32)
    unused = np.array([False, True, False])
    good = axioms.dummy(key, f, x, gradient(f, x), unused)
    assert good.premise == 0 and good.violation == 0
    bad = axioms.dummy(key, f, x, gradient(f, x) + 0.25, unused)
    assert bad.violation == pytest.approx(0.25)
    assert axioms.dummy(key, f, x, gradient(f, x), np.array([True, False, False])).premise > 0.01


def test_symmetry_and_its_premise(key):
    x = jnp.asarray(np.random.default_rng(2).normal(size=(4, 3)), jnp.float32)
    equal, unequal = (lambda x: x[:, 0] * x[:, 1] + x[:, 2]), (lambda x: x[:, 0] + 2 * x[:, 1])
    assert axioms.symmetry(equal, x, gradient, 0, 1) == (0, 0)
    assert axioms.symmetry(unequal, x, gradient, 0, 1).premise > 0
    first = lambda f, x: gradient(f, x) * jnp.array([[1.0, 0.0, 0.0]])
    found = axioms.symmetry(equal, x, first, 0, 1)
    assert found.premise == 0 and found.violation > 0


def test_implementation_invariance_tells_gradients_from_rules():
    x = jnp.array([[1.0, 0.5], [0.2, 2.0]])
    f, same = (lambda x: x[:, 0] * x[:, 1]), (lambda x: jnp.exp(jnp.log(x[:, 0]) + jnp.log(x[:, 1])))
    good = axioms.implementation_invariance(f, same, x, lambda f, x: Path(gradient(f, x), x[:, 0]))
    assert good.premise < 1e-5 and good.violation < 1e-4
    by_name = lambda f, x: x if f is same else 0 * x  # depends on how the score is written
    assert axioms.implementation_invariance(f, same, x, by_name).violation == 2


def test_retraining_without_what_matters_is_worse_than_without_what_does_not(key):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 6)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int32)
    right = np.tile([2.0, 1, 0, 0, 0, 0], (200, 1)) + 0 * x
    parts = [(x[i : i + 100], y[i : i + 100], [right[i : i + 100], -right[i : i + 100]]) for i in (0, 100)]
    found = roar.roar(key, *parts, shares=(0.0, 1 / 3), seeds=2, steps=60)
    assert found.accuracy.shape == (3, 2, 2)
    assert (found.accuracy[:, 0] > 0.85).all()  # nothing is gone
    assert (found.accuracy[0, 1] < 0.7).all() and (found.accuracy[1, 1] > 0.85).all()
    assert found.gain[0] > found.gain[2] == 0 > found.gain[1]
    # a seed starts alike for every method, and a budget for one model at a time changes nothing
    np.testing.assert_allclose(found.accuracy[0, 0], found.accuracy[1, 0])
    with pytest.raises(ValueError, match="rows' shape"):
        roar.roar(key, parts[0], (x[:50], y[:50], [right[:50]]))
