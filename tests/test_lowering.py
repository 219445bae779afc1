import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.lowering import lower
from jaxneuron.tap import Tap
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny

TEXT = Tokens(jnp.array([[1, 2, 3], [4, 5, 0]]), jnp.array([[True, True, True], [True, True, False]]))


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
