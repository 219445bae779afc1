import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import split
from jaxneuron.attribute import conductance, integrated_gradients, internal_influence
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from jaxneuron_models import transformer
from tests import tiny
from tests.attribute.conftest import run

WEIGHT = jnp.array([[1.0, 2.0], [-1.0, 0.5], [0.3, 0.0]])
X = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.2]])


def through(x, amount=None):
    """Return `h_0^2 + 3 h_1` and `h = x W`."""
    value = x @ WEIGHT
    value = value if amount is None else value + amount
    return value[:, 0] ** 2 + 3 * value[:, 1], value


def joint(bert, site):
    return split.through(bert.forward, bert.params, bert.tokens, "embed/word", site, bert.target)


def test_the_closed_form_of_a_small_network():
    found = conductance.attribute(through, X, 0.0, steps=3)
    h = X @ WEIGHT
    np.testing.assert_allclose(found.attribution, jnp.stack([h[:, 0] ** 2, 3 * h[:, 1]], axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.error, 0, atol=1e-5)
    influence = internal_influence.attribute(through, X, 0.0, steps=3)
    np.testing.assert_allclose(influence, jnp.stack([h[:, 0], jnp.full(2, 3.0)], axis=1), rtol=1e-5)


def test_single_features_flow_through_single_neurons():
    # h_0 grows linearly, so a feature's part of h_0^2 is h_0 times its own part of h_0
    h = X @ WEIGHT
    right = X[..., None] * WEIGHT[None] * jnp.stack([h[:, 0], jnp.full(2, 3.0)], axis=1)[:, None]
    every = conductance.units(through, X, 0.0, steps=3)
    np.testing.assert_allclose(every.attribution, right, atol=1e-5)
    np.testing.assert_allclose(every.error, 0, atol=1e-5)
    for members in ([1.0, 0.0], [1.0, 1.0]):
        found = conductance.unit(through, X, 0.0, members, steps=3)
        np.testing.assert_allclose(found, right @ jnp.array(members), atol=1e-5)


def sharp(x, amount=None):
    """Return a score that rises early on the line, by way of two neurons."""
    value = jnp.tanh(6 * x @ WEIGHT)
    value = value if amount is None else value + amount
    return jnp.sum(value**2, axis=-1), value


def test_finite_differences_converge_to_it():
    exact = conductance.attribute(sharp, X, 0.0, steps=100).attribution
    few, many = (
        conductance.attribute(sharp, X, 0.0, steps=steps, rule="riemann_left", derivative="finite", budget=100)
        for steps in (150, 1500)
    )
    missed = [np.max(np.abs(found.attribution - exact)) for found in (few, many)]
    assert 0 < missed[1] < 0.15 * missed[0] < 0.015


def test_steps_are_doubled_until_the_error_is_allowed():
    rough, fine = (conductance.attribute(sharp, X, 0.0, steps=4, tolerance=tolerance) for tolerance in (None, 1e-4))
    change = np.abs(sharp(X)[0])
    assert np.any(np.abs(rough.error) > 1e-2 * change) and np.all(np.abs(fine.error) <= 1e-4 * change)


def test_a_small_budget_changes_nothing():
    small, large = (conductance.units(sharp, X, 0.0, steps=7, budget=budget) for budget in (1, 2**28))
    np.testing.assert_allclose(small.attribution, large.attribution, atol=1e-6)


@pytest.fixture(scope="module")
def every_site(bert):
    """Return the conductance of all sites of the transformer, from one pass."""
    return conductance.layers(bert.forward, bert.params, bert.tokens, "embed/word", bert.target, bert.x, bert.baseline)


def test_all_sites_in_one_pass_equal_one_alone(bert, every_site):
    site = "block0/heads"
    alone = conductance.attribute(joint(bert, site), bert.x, bert.baseline)
    np.testing.assert_allclose(every_site.attribution[site], alone.attribution, atol=1e-5)
    np.testing.assert_allclose(every_site.error[site], alone.error, atol=1e-5)


def test_nothing_flows_past_a_cut(bert, every_site):
    score = split.above(bert.forward, bert.params, bert.tokens, "embed/word", bert.target)
    path = integrated_gradients.attribute(score, bert.x, bert.baseline)
    change = np.abs(run(score, bert.x) - run(score, bert.baseline))
    for site in ("embed/word", "embed", "block0/residual"):
        assert np.all(np.abs(every_site.error[site]) <= 1e-5 * np.maximum(change, 1))
        np.testing.assert_allclose(
            every_site.attribution[site].sum((1, 2)), path.attribution.sum((1, 2)), rtol=1e-4, atol=1e-5
        )
    np.testing.assert_allclose(every_site.attribution["embed/word"], path.attribution, atol=1e-5)
    assert np.all(np.abs(every_site.error["block0/mlp"]) > 1e-3)


def test_padding_gets_nothing_and_changes_nothing(bert, every_site):
    for found in every_site.attribution.values():
        assert np.all(found[1, 3:] == 0)
    alone = Tokens(bert.tokens.ids[1:, :3], bert.tokens.mask[1:, :3])
    single = split.through(bert.forward, bert.params, alone, "embed/word", "block0/heads", bert.target)
    found = conductance.attribute(single, bert.x[1:, :3], bert.baseline[1:, :3]).attribution
    right = every_site.attribution["block0/heads"][1, :3]
    np.testing.assert_allclose(found[0], right, atol=1e-5 * np.max(np.abs(right)))


def test_tokens_sum_to_the_layer(bert, every_site):
    found = conductance.units(joint(bert, "block0/mlp/hidden"), bert.x, bert.baseline)
    assert found.attribution.shape == (2, 5, 5, 12)
    layer = every_site.attribution["block0/mlp/hidden"]
    np.testing.assert_allclose(found.attribution.sum(1), layer, atol=3e-6 * np.max(np.abs(layer)))
    assert np.all(found.attribution[1, 3:] == 0) and np.all(found.attribution[1, :, 3:] == 0)
    # the words at both ends are those of the baseline
    np.testing.assert_array_equal(found.attribution[:, 0], 0)


def test_one_neuron_by_word_equals_all_neurons_by_word(bert):
    maps = joint(bert, "block0/mlp/hidden"), bert.x, bert.baseline
    members = jnp.zeros((1, 5, 12)).at[0, 2, 7].set(1)
    one = conductance.unit(*maps, members).sum(-1)
    np.testing.assert_allclose(one, conductance.units(*maps).attribution[:, :, 2, 7], atol=1e-5)


def test_a_recurrent_site_counts_its_direct_effect(weights):
    tokens = Tokens(jnp.array([[1, 2, 3], [4, 5, 0]]), jnp.array([[True, True, True], [True, True, False]]))
    target = Unit("projection", 3)
    x = jax.jit(split.below(tiny.recurrent, weights, "embed"))(tokens)
    found = conductance.layers(tiny.recurrent, weights, tokens, "embed", target, x, 0.0, line=conductance.Line(20))
    assert list(found.attribution) == ["embed", "hidden", "projection"]
    np.testing.assert_allclose(found.error["embed"], 0, atol=1e-5)
    # the state at the last word alone feeds the projection, which is linear
    state = split.between(tiny.recurrent, weights, tokens, "embed", "hidden")
    change = (run(state, x) - run(state, 0 * x)) * weights["weights"][:, 3][None, None]
    right = np.zeros(change.shape)
    right[0, 2], right[1, 1] = change[0, 2], change[1, 1]
    # in the padded row the last state is held over the padding, where the target does not read
    np.testing.assert_allclose(found.attribution["hidden"], right, atol=1e-5)
    np.testing.assert_allclose(found.error["hidden"], 0, atol=1e-5)


def test_other_texts_do_not_compile_again(bert, every_site, no_compilation):
    other = bert._replace(tokens=bert.tokens._replace(ids=bert.tokens.ids[::-1]))
    x = bert.x * 2
    with no_compilation():
        conductance.layers(other.forward, other.params, other.tokens, "embed/word", other.target, x, bert.baseline)


def test_a_transformer_with_its_norms_keeps_to_it(bert):
    options = {"causal": False, "norm_first": False, "embedding_norm": True, "head": "none", "epsilon": 0.1}
    config = transformer.TransformerConfig(11, width=8, blocks=1, heads=2, longest=6, hidden=12, **options)
    forward, init = transformer.build(config)
    inputs = jax.jit(init)(jax.random.key(0)), bert.tokens, "embed/word", bert.target, bert.x, bert.baseline
    found = conductance.layers(forward, *inputs)
    assert {"embed/word", "embed", "block0/heads"} < set(found.attribution) and len(found.attribution) == 7
    for site, value in found.attribution.items():
        assert np.all(value[1, 3:] == 0), site
    for site in ("embed/word", "embed", "block0/residual"):
        np.testing.assert_allclose(found.error[site], 0, atol=1e-4)


def test_bad_questions_are_named(bert):
    with pytest.raises(ValueError, match="`derivative` must be 'exact' or 'finite'"):
        conductance.attribute(through, X, 0.0, derivative="central")
    with pytest.raises(ValueError, match="a tolerance needs exact derivatives"):
        conductance.attribute(through, X, 0.0, derivative="finite", tolerance=0.1)
    with pytest.raises(ValueError, match=r"members' shape \(3,\) does not broadcast to the site's value, \(2, 2\)"):
        conductance.unit(through, X, 0.0, jnp.ones(3))


def test_weights_that_are_constants_of_equal_value_are_multiplied_right():
    w, v, b = jnp.ones((3, 4)), jnp.ones((4, 2)), jnp.array([-10.0, 1, 1, 1])

    def through(x, amount=None):
        y = jax.nn.relu((x[:, :3] + x[:, 3:6] + x[:, 6:]) * 4 @ w + b[None]) @ v
        return (y if amount is None else y + amount)[:, 0], y

    x = jnp.array([[0.0, 10, 0, 0, 10, 0, 0, 5, 0]])
    found = conductance.units(through, x, 0.0, steps=500)  # XLA made a sum of the product, and a wrong one
    np.testing.assert_allclose(found.attribution[0, [1, 4, 7], 0], [156, 156, 78], rtol=1e-3)
