import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.split import above, below, between, on_path, recurrent, through
from jaxneuron.targets import Logit, Minus, Unit
from jaxneuron.types import Tokens
from tests import tiny

TEXT = Tokens(jnp.array([[1, 2, 3], [4, 5, 0]]), jnp.array([[True, True, True], [True, True, False]]))


def test_above_after_below_is_the_model(forward, weights):
    target = Unit("projection", 3)
    whole = target(*forward(weights, TEXT, {}), TEXT)
    for site in forward(weights, TEXT, {})[1]:
        value = below(forward, weights, site)(TEXT)
        np.testing.assert_allclose(above(forward, weights, TEXT, site, target)(value), whole, atol=1e-6)


def test_between_after_below_is_below(forward, weights):
    embedding = below(forward, weights, "embed")(TEXT)
    through = between(forward, weights, TEXT, "embed", "projection")
    np.testing.assert_allclose(through(embedding), below(forward, weights, "projection")(TEXT), atol=1e-6)


def test_gradients_flow_through_the_cut(weights):
    score = above(tiny.bag_of_words, weights, TEXT, "embed", Unit("bag", 2))
    gradient = jax.grad(lambda value: jnp.sum(score(value)))(below(tiny.bag_of_words, weights, "embed")(TEXT))
    expected = np.zeros(gradient.shape)
    expected[..., 2] = TEXT.mask
    np.testing.assert_array_equal(gradient, expected)


def test_an_unknown_site_is_named(forward, weights):
    target = Unit("projection", 3)
    for cut in (
        lambda: below(forward, weights, "embd")(TEXT),
        lambda: above(forward, weights, TEXT, "embd", target),
        lambda: between(forward, weights, TEXT, "embd", "projection"),
    ):
        with pytest.raises(KeyError, match="did you mean 'embed'"):
            cut()


def test_a_joint_map_separates_what_leads_to_a_site_from_what_follows(weights):
    target = Unit("projection", 3)
    joint = through(tiny.bag_of_words, weights, TEXT, "embed", ("bag", "projection"), target)
    value = below(tiny.bag_of_words, weights, "embed")(TEXT)
    score, sites = joint(value)
    np.testing.assert_allclose(score, target(*tiny.bag_of_words(weights, TEXT, {}), TEXT), atol=1e-6)
    np.testing.assert_allclose(sites["bag"], below(tiny.bag_of_words, weights, "bag")(TEXT), atol=1e-6)
    amount = jax.tree.map(jnp.zeros_like, sites)
    slope = jax.grad(lambda amount: jnp.sum(joint(value, amount)[0]))(amount)
    np.testing.assert_allclose(slope["bag"][:, 0], jnp.stack([weights["weights"][:, 3]] * 2), atol=1e-6)
    np.testing.assert_array_equal(slope["projection"][:, 0], np.eye(tiny.VOCAB + 1)[[3, 3]])


def test_a_change_inside_a_recurrence_is_counted_once(weights):
    joint = through(tiny.recurrent, weights, TEXT, "embed", "hidden", Unit("projection", 3))
    direct = above(tiny.recurrent, weights, TEXT, "hidden", Unit("projection", 3))

    @jax.jit
    def scores(embed, amount):
        score, value = joint(embed)
        return joint(embed, amount)[0], direct(value + amount), joint(embed, 0 * amount)[0], score

    embed, amount = (jax.random.normal(jax.random.key(seed), (2, 3, 9)) for seed in (0, 1))
    changed, right, unchanged, score = scores(embed, amount)
    np.testing.assert_allclose(changed, right, atol=1e-6)
    np.testing.assert_allclose(unchanged, score, atol=1e-6)


def test_recurrent_sites_are_seen(weights):
    assert recurrent(tiny.recurrent, weights, TEXT) == {"hidden"}
    assert recurrent(tiny.bag_of_words, weights, TEXT) == frozenset()
    assert recurrent(jax.jit(tiny.recurrent), weights, TEXT) == {"hidden"}
    with pytest.raises(ValueError, match="the recurrent site 'hidden' needs a map of its own"):
        through(tiny.recurrent, weights, TEXT, "embed", ("hidden", "projection"), Unit("projection", 3))


def test_the_sites_on_a_path_are_those_that_change_and_matter(weights):
    found = on_path(tiny.bag_of_words, weights, TEXT, "embed", Unit("bag", 2))
    assert {site: shape.shape for site, shape in found.items()} == {"embed": (2, 3, 9), "bag": (2, 1, 9)}
    assert "embed/word" in on_path(tiny.recurrent, weights, TEXT, "embed/word", Unit("projection", 2))


def test_a_site_off_the_path_is_named(forward, weights):
    for cut in (
        lambda: above(forward, weights, TEXT, "projection", Unit("embed", 3)),
        lambda: between(forward, weights, TEXT, "projection", "embed"),
        lambda: through(forward, weights, TEXT, "projection", "embed", Unit("projection", 3)),
    ):
        with pytest.raises(ValueError, match="'projection'"):
            cut()


@pytest.mark.parametrize("target", [Unit("projection", 9), Logit(9), Minus(Unit("projection", 1), Logit(-1))])
def test_a_target_that_is_not_there_is_named(forward, weights, target):
    with pytest.raises(ValueError, match="out of range: .* has the units 0 to 8"):
        above(forward, weights, TEXT, "embed", target)


def test_maps_are_pytrees_that_compile_once(weights, no_compilation):
    run = jax.jit(lambda f, x: f(x))
    maps = [above(tiny.bag_of_words, weights, TEXT, "embed", Unit("projection", unit)) for unit in (3, 5)]
    value = below(tiny.bag_of_words, weights, "embed")(TEXT)
    first = run(maps[0], value)
    with no_compilation():
        second = run(maps[1], value)
    assert np.all(first != second)


def test_a_map_is_a_function_that_can_be_compiled(weights):
    score = above(tiny.recurrent, weights, TEXT, "hidden", Unit("projection", 2))
    value = tiny.recurrent(weights, TEXT, {})[1]["hidden"]
    np.testing.assert_allclose(jax.jit(score)(value), score(value), rtol=1e-6)
