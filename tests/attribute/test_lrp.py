import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import lrp

WIDE, NARROW = jnp.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]]), jnp.array([2.0, -1.0, 0.7])
X = jnp.array([[1.0, 0.5], [-0.4, 2.0]])


def rectified(x, bias=0.0):
    return jax.nn.relu(x @ WIDE + bias) @ NARROW + bias


def test_captums_gamma_rule():
    weights = jnp.full((3, 3), 2.0).at[0, 0].set(-2.0)
    f = lambda x: (jax.nn.relu(x @ weights.T) @ jnp.full((3, 1), 3.0))[:, 0]
    found = lrp.attribute(f, jnp.array([[1.0, 2.0, 3.0]]), dense=(lrp.Gamma(1.0), lrp.Gamma(0.25)))
    np.testing.assert_allclose(found, [[28 / 3, 104 / 3, 52]], rtol=1e-5)


def test_without_epsilon_a_rectified_network_is_value_times_gradient():
    found = lrp.attribute(rectified, X, dense=lrp.Epsilon(0.0))
    np.testing.assert_allclose(found, X * jax.grad(lambda x: rectified(x).sum())(X), rtol=1e-5)
    np.testing.assert_allclose(lrp.conservation(rectified, X, found), 0, atol=1e-6)


def test_biases_absorb_what_is_theirs():
    biased = lambda x: rectified(x, 0.3)
    found = lrp.attribute(biased, X, dense=lrp.Epsilon(0.0))
    slope, hidden = jax.grad(lambda x: biased(x).sum())(X), X @ WIDE + 0.3 > 0
    absorbed = 0.3 + 0.3 * jnp.where(hidden, NARROW[None], 0).sum(1)
    np.testing.assert_allclose(found, X * slope, rtol=1e-5)
    np.testing.assert_allclose(found.sum(1), biased(X) - absorbed, rtol=1e-5)


@pytest.mark.parametrize("dense", [lrp.Gamma(0.5), lrp.AlphaBeta(2.0), lrp.AlphaBeta(1.0)])
def test_rules_for_dense_layers_conserve_without_biases(dense):
    f = lambda x: jax.nn.relu(x @ WIDE) @ jnp.array([1.0, 1.5, 0.5])
    found = lrp.attribute(f, X, dense=(dense, lrp.Epsilon()))
    np.testing.assert_allclose(lrp.conservation(f, X, found), 0, atol=1e-4)


def test_alpha_beta_by_hand():
    x, weights = jnp.array([[1.0, 2.0, -1.0]]), jnp.array([3.0, -1.0, 2.0])  # products 3, -2, -2; sum -1
    found = lrp.attribute(lambda x: x @ weights, x, dense=lrp.AlphaBeta(2.0, 0.0))
    np.testing.assert_allclose(found, [[2 * -1.0, 0.5, 0.5]], rtol=1e-6)


def test_identity_for_nonlinearities_and_constants_for_norms():
    for bend in (jax.nn.gelu, jax.nn.silu, jnp.tanh, jax.nn.relu, lambda x: jax.nn.gelu(x, approximate=False)):
        found = lrp.attribute(lambda x, bend=bend: bend(x).sum(1), X)
        np.testing.assert_allclose(found, bend(X), rtol=1e-5)

    def norm(x):  # of RMS: the scale is a constant, so relevance is the value itself
        return (x * jnp.broadcast_to(jax.lax.rsqrt(jnp.mean(x**2, -1, keepdims=True)), x.shape))[:, 0]

    np.testing.assert_allclose(lrp.attribute(norm, X), norm(X)[:, None] * jnp.array([[1.0, 0.0]]), rtol=1e-5)


def attention(x):
    """Three words of two units that attend to each other, with the division last."""
    score = x @ jnp.array([[1.0, 0.5], [-0.3, 0.8]]) @ x.swapaxes(1, 2)
    weight = jnp.exp(score - jnp.max(score, axis=-1, keepdims=True))
    heads = weight @ (x @ jnp.array([[0.5, -1.0], [1.0, 0.2]]))
    return (heads / jnp.broadcast_to(jnp.sum(weight, axis=-1, keepdims=True), heads.shape))[:, 0, 0]


def test_attention_by_both_rules():
    x = jax.random.normal(jax.random.key(1), (1, 3, 2))
    values = jax.lax.stop_gradient(x)
    score = lambda x: x @ jnp.array([[1.0, 0.5], [-0.3, 0.8]]) @ values.swapaxes(1, 2)
    project = lambda x: x @ jnp.array([[0.5, -1.0], [1.0, 0.2]])
    weight = jax.nn.softmax(score(values))

    constant = x * jax.jit(jax.grad(lambda x: (weight @ project(x))[0, 0, 0]))(x)
    np.testing.assert_allclose(lrp.attribute(attention, x, rule="cp_lrp", dense=lrp.Epsilon(0.0)), constant, atol=1e-6)
    np.testing.assert_allclose(lrp.conservation(attention, x, constant), 0, atol=1e-5)

    # AttnLRP: half of each product to each factor, softmax by its gradient, from Achtibat et al. 2024
    def half(score_of):
        return x * jax.jit(jax.grad(lambda x: (jax.nn.softmax(score_of(x)) @ project(values))[0, 0, 0]))(x)

    left = half(score)
    right = half(lambda x: values @ jnp.array([[1.0, 0.5], [-0.3, 0.8]]) @ x.swapaxes(1, 2))
    np.testing.assert_allclose(
        lrp.attribute(attention, x, dense=lrp.Epsilon(0.0)), constant / 2 + (left + right) / 4, atol=1e-5
    )


def test_gates_take_nothing():
    f = lambda x: jax.nn.sigmoid(x[:, 0]) * jnp.tanh(x[:, 1])
    np.testing.assert_allclose(lrp.attribute(f, X), f(X)[:, None] * jnp.array([[0.0, 1.0]]), rtol=1e-5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="attn_lrp or cp_lrp, got 'z'"):
        lrp.attribute(rectified, X, rule="z")
    with pytest.raises(ValueError, match="got 1 and found more layers"):
        lrp.attribute(rectified, X, dense=(lrp.Epsilon(),))
    with pytest.raises(NotImplementedError, match="'sort'"):
        lrp.attribute(lambda x: jnp.sort(x)[:, 0], X)
    with pytest.raises(NotImplementedError, match="'while'"):
        lrp.attribute(lambda x: jax.lax.while_loop(lambda x: jnp.all(x < 9), lambda x: x * 2, x)[:, 0], X)
