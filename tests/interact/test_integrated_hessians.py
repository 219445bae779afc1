"""Integrated Hessians have their closed forms, and their rows sum to integrated gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.interact import integrated_hessians
from jaxneuron.interact._quadrature import logarithmic

X = jnp.array([[1.0, 2.0, 3.0]])
# closed forms, or a double Gauss rule of 80 x 80 nodes in float64 (research: captum_sample.json)
KNOWN = {
    "x1x2": (lambda x: x[:, 0] * x[:, 1], [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 0]]),
    "x1x2x3": (lambda x: jnp.prod(x, axis=1), np.full((3, 3), 2 / 3)),
    "x1^2": (lambda x: x[:, 0] ** 2, np.diag([1, 0, 0])),
    "tanh": (
        lambda x: jnp.tanh(x[:, 0] + x[:, 1]),
        [[0.53680867, -0.20512375, 0], [-0.20512375, 0.86849359, 0], [0, 0, 0]],
    ),
    "exp": (lambda x: jnp.exp(x[:, 0]) + x[:, 0] * x[:, 2], [[2.46828183, 0, 0.75], [0, 0, 0], [0.75, 0, 0.75]]),
    "softplus": (
        lambda x: jax.nn.softplus(x[:, 0] - x[:, 1]),
        [[0.49760912, -0.11772363, 0], [-0.11772363, -0.64204736, 0], [0, 0, 0]],
    ),
    "cos": (
        lambda x: jnp.cos(x[:, 0] + x[:, 1]),
        [[-0.56693209, -0.09639874, 0], [-0.09639874, -1.23026292, 0], [0, 0, 0]],
    ),
}


def test_the_rule_has_its_known_nodes_and_is_exact_for_polynomials():
    nodes, weights = logarithmic(4)
    np.testing.assert_allclose(nodes, [0.04144848019938, 0.24527491432060, 0.55616545356028, 0.84898239453299])
    np.testing.assert_allclose(weights, [0.38346406814502, 0.38687531777464, 0.19043512695008, 0.03922548712995])
    for steps in (1, 7, 50, 200):
        nodes, weights = logarithmic(steps)
        assert (np.diff(nodes) > 0).all() and (weights > 0).all() and 0 < nodes[0] and nodes[-1] < 1
        powers = np.arange(2 * steps)
        np.testing.assert_allclose((nodes[None] ** powers[:, None]) @ weights, 1 / (powers + 1) ** 2, rtol=1e-11)
    with pytest.raises(ValueError, match="between 1 and 200 steps, got 0"):
        logarithmic(0)


@pytest.fixture(scope="module")
def found():
    """What the method makes of all of them, in one call: a row for each."""
    functions = [f for f, _ in KNOWN.values()]
    x = np.repeat(np.asarray(X), len(functions), axis=0)
    return integrated_hessians.interact(lambda x: jnp.stack([f(x)[i] for i, f in enumerate(functions)]), x)


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name, found):
    row = list(KNOWN).index(name)
    np.testing.assert_allclose(found.attribution[row], KNOWN[name][1], atol=3e-6)
    np.testing.assert_allclose(found.error[row], 0, atol=1e-5)


@pytest.fixture(scope="module")
def network():
    """A network of tanh over words of two units, and an input of which the last word is padding."""
    random = np.random.default_rng(2)
    first, second, x = (random.normal(size=shape).astype(np.float32) for shape in ((8, 6), (6,), (2, 4, 2)))
    return lambda x: jnp.tanh(x.reshape(-1, 8) @ first / 2) @ second, x, np.arange(4)[None] < np.array([[4], [3]])


def test_rows_sum_to_integrated_gradients(network):
    f, x, _ = network
    found = integrated_hessians.interact(f, x, 0.5)
    nodes, weights = np.polynomial.legendre.leggauss(32)
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(f(x))))
    points = [0.5 + np.float32((node + 1) / 2) * (x - np.float32(0.5)) for node in nodes]
    paths = sum(w / 2 * np.asarray(gradient(point)) for point, w in zip(points, weights, strict=True))
    expected = ((x - 0.5) * paths).reshape(2, 8)
    np.testing.assert_allclose(found.attribution.sum(axis=2), expected, atol=1e-4)
    np.testing.assert_allclose(found.attribution, jnp.swapaxes(found.attribution, 1, 2), atol=1e-5)
    np.testing.assert_allclose(found.error, 0, atol=1e-4)
    # words: the sum over their units
    words = integrated_hessians.interact(f, x, 0.5, groups=np.arange(4)[:, None], budget=1)
    sums = found.attribution.reshape(2, 4, 2, 4, 2).sum(axis=(2, 4))
    np.testing.assert_allclose(words.attribution, sums, atol=1e-5)


def test_padding_gets_nothing(network):
    f, x, mask = network
    found = integrated_hessians.interact(f, x, groups=np.arange(4)[:, None], mask=mask).attribution
    assert not found[1, 3].any() and not found[1, :, 3].any() and found[0, 3].all()


def test_words_have_no_derivative():
    with pytest.raises(ValueError, match="`x` is int32, which has no gradient"):
        integrated_hessians.interact(lambda x: jnp.sum(x, axis=1), jnp.ones((1, 2), jnp.int32))


def test_a_kink_shows_in_the_error():
    found = integrated_hessians.interact(lambda x: jax.nn.relu(x[:, 0] + x[:, 1] - 1), X[:, :2])
    assert abs(found.error[0]) > 0.1
