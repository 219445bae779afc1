import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.split import above, below, between, lower
from jaxneuron.tap import Tap
from jaxneuron.targets import Unit
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


@pytest.mark.parametrize(("forward", "source"), [(tiny.recurrent, "hidden"), (tiny.bag_of_words, "bag")])
def test_a_lowered_projection_scores_the_same(forward, source, weights):
    units = Unit("projection", jnp.array([0, 3, 8, 3]))
    lowered = lower(forward, weights, units, source)
    output, activations = forward(weights, TEXT, {})
    exact, cheap = (jax.vmap(lambda one: one(output, activations, TEXT))(many) for many in (units, lowered))
    np.testing.assert_allclose(cheap, exact, atol=1e-5)


def relu_after_projection(params, tokens, edits):
    """Return a model whose output bends at zero, which doubling the input does not show."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[-1])
    embed = tap("embed", params["table"][tokens.ids], time)
    output = tap("projection", jax.nn.relu(embed @ params["weights"]), time)
    return output, tap.activations()


@pytest.mark.parametrize(
    ("forward", "source"),
    [(tiny.recurrent, "embed"), (tiny.bag_of_words, "embed"), (relu_after_projection, "embed")],
    ids=["recurrence", "sum over positions", "relu"],
)
def test_what_is_no_projection_is_not_lowered(forward, source, weights):
    with pytest.raises(ValueError, match="no affine function"):
        lower(forward, weights, Unit("projection", jnp.arange(4)), source)


def test_a_unit_out_of_range_is_not_lowered(weights):
    with pytest.raises(ValueError, match=r"unit \[9\] is out of range: 'projection' has the units 0 to 8"):
        lower(tiny.recurrent, weights, Unit("projection", jnp.array([1, 9])), "hidden")
