import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import integrated_gradients
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny
from tests.attribute.conftest import run

X = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.2]])


def product(x):
    return x[:, 0] * x[:, 1] * x[:, 2]


def sharp(x):
    return jnp.tanh(30 * (jnp.sum(x, axis=-1) - 0.1))


def word_score(bert):
    return split.above(bert.forward, bert.params, bert.tokens, "embed/word", bert.target)


def test_the_closed_form_of_a_product():
    found = integrated_gradients.attribute(product, X, 0.0, steps=2)
    np.testing.assert_allclose(found.attribution, jnp.broadcast_to(product(X)[:, None] / 3, X.shape), rtol=1e-6)
    np.testing.assert_allclose(found.error, 0, atol=1e-6)


def test_the_error_is_what_the_sum_misses():
    found = integrated_gradients.attribute(product, X, 0.5, steps=3, rule="riemann_left")
    missed = found.attribution.sum(1) - (product(X) - product(jnp.full_like(X, 0.5)))
    np.testing.assert_allclose(found.error, missed, atol=1e-5)
    assert np.all(np.abs(found.error) > 1e-2)


def test_without_the_factor_it_is_the_mean_gradient():
    path, local = (integrated_gradients.attribute(product, X, -1.0, multiply=multiply) for multiply in (True, False))
    np.testing.assert_allclose(local.attribution * (X + 1), path.attribution, rtol=1e-5)
    np.testing.assert_allclose(local.error, path.error, atol=1e-6)


def test_steps_are_doubled_until_the_error_is_allowed():
    few, enough, most = (
        integrated_gradients.attribute(sharp, X, 0.0, steps=5, tolerance=tolerance, most=most)
        for tolerance, most in [(None, 5), (1e-3, 3200), (1e-12, 20)]
    )
    change = np.abs(sharp(X) - sharp(0 * X))
    assert np.any(np.abs(few.error) > 1e-2 * change)
    assert np.all(np.abs(enough.error) <= 1e-3 * change)
    # two doublings of five are twenty, and then it says how far it got
    assert np.all(np.abs(most.error) <= np.abs(few.error)) and np.any(np.abs(most.error) > 1e-12 * change)


def test_it_is_complete_on_a_transformer(bert):
    score = word_score(bert)
    found = integrated_gradients.attribute(score, bert.x, bert.baseline)
    change = np.abs(run(score, bert.x) - run(score, bert.baseline))
    assert np.all(np.abs(found.error) <= 1e-5 * np.maximum(change, 1))


def test_padding_gets_nothing_and_changes_nothing(bert):
    found = integrated_gradients.attribute(
        word_score(bert), bert.x, jnp.where(bert.tokens.mask[..., None], bert.baseline, 7.0)
    )
    assert np.all(found.attribution[1, 3:] == 0)
    alone = Tokens(bert.tokens.ids[1:, :3], bert.tokens.mask[1:, :3])
    score = split.above(bert.forward, bert.params, alone, "embed/word", bert.target)
    single = integrated_gradients.attribute(score, bert.x[1:, :3], bert.baseline[1:, :3])
    scale = np.max(np.abs(single.attribution))
    np.testing.assert_allclose(single.attribution[0], found.attribution[1, :3], atol=1e-5 * scale)


def test_single_precision_agrees_with_double(bert):
    single = integrated_gradients.attribute(word_score(bert), bert.x, bert.baseline).attribution
    with jax.enable_x64(True):
        wide = jax.tree.map(
            lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), (bert.params, bert.x, bert.baseline, bert.target)
        )
        score = split.above(bert.forward, wide[0], bert.tokens, "embed/word", wide[3])
        double = integrated_gradients.attribute(score, wide[1], wide[2])
    assert double.attribution.dtype == np.float64 and np.max(np.abs(double.error)) < 1e-6
    np.testing.assert_allclose(single, double.attribution, atol=1e-5 * np.max(np.abs(double.attribution)))


def test_a_layer_is_the_same_function_on_another_map(bert):
    score = split.above(bert.forward, bert.params, bert.tokens, "block0/mlp/hidden", bert.target)
    x = jax.jit(split.below(bert.forward, bert.params, "block0/mlp/hidden"))(bert.tokens)
    layer = integrated_gradients.attribute(score, x, jnp.zeros((1, 1, 12)))
    change = run(score, x) - run(score, 0 * x)
    np.testing.assert_allclose(layer.attribution.sum((1, 2)), change, atol=1e-4)


def test_other_texts_and_weights_do_not_compile_again(bert, no_compilation):
    integrated_gradients.attribute(word_score(bert), bert.x, bert.baseline)
    other = bert._replace(
        params=jax.tree.map(lambda leaf: leaf * 1.1, bert.params),
        tokens=bert.tokens._replace(ids=bert.tokens.ids[::-1]),
        target=jax.tree.map(lambda leaf: -leaf, bert.target),
    )
    score, x = word_score(other), bert.x * 2
    with no_compilation():
        integrated_gradients.attribute(score, x, bert.baseline)


def test_many_targets_are_mapped(weights):
    tokens = Tokens(jnp.array([[1, 2]]), jnp.ones((1, 2), bool))
    x = jnp.ones((1, 2, 9))

    def of(unit):
        score = split.above(tiny.bag_of_words, weights, tokens, "embed", Unit("projection", unit))
        return integrated_gradients.attribute(score, x, 0.0, steps=4).attribution

    many = jax.vmap(of)(jnp.arange(3))
    np.testing.assert_allclose(many[:, 0, 1], weights["weights"][:, :3].T, atol=1e-5)


@pytest.mark.parametrize("rule", ["trapezoid", "riemann_left", "riemann_right", "riemann_middle"])
def test_every_rule_is_exact_on_a_linear_score(rule):
    found = integrated_gradients.attribute(lambda x: x[:, 0] - 3 * x[:, 2], X, 0.5, steps=4, rule=rule)
    np.testing.assert_allclose(found.error, 0, atol=1e-5)
