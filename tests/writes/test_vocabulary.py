import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.types import Tokens
from jaxneuron.writes import vocabulary
from tests import tiny
from tests.writes import handmade

TEXT = Tokens(jnp.array([[1, 4, 2], [3, 3, 0]]), jnp.array([[True, True, True], [True, True, False]]))


@pytest.fixture(scope="module")
def params():
    """Weights of the handmade model."""
    return handmade.weights(jax.random.key(0))


def test_a_unit_that_writes_a_word_is_read_exactly(params):
    found = vocabulary.write(handmade.forward, params, TEXT, site="block0/mlp/hidden")
    assert found.effect[: handmade.WORDS].argmax(axis=1).tolist() == list(range(handmade.WORDS))
    expected = (params["out"] * params["final"][None]) @ params["head"]
    scale = found.effect[0, 0] / expected[0, 0]
    np.testing.assert_allclose(found.effect, scale * expected, atol=1e-5)
    states = np.asarray(handmade.forward(params, TEXT, {})[1]["block0/residual"])[TEXT.mask]
    np.testing.assert_allclose(scale, np.mean(1 / np.sqrt(np.mean(states**2, axis=-1))), rtol=1e-4)
    assert not found.error.any() and found.settled


def test_the_moments_are_those_of_the_effects(params):
    found = vocabulary.write(handmade.forward, params, TEXT, np.array([2, 8]), site="block0/mlp/hidden")
    centred = found.effect[0] - found.effect[0].mean()
    np.testing.assert_allclose(found.variance[0], found.effect[0].var(), rtol=1e-5)
    np.testing.assert_allclose(found.skewness[0], np.mean((centred / centred.std()) ** 3), rtol=1e-4)
    np.testing.assert_allclose(found.kurtosis[0], np.mean((centred / centred.std()) ** 4), rtol=1e-4)
    assert found.variance[1] == found.skewness[1] == found.kurtosis[1] == 0


def test_without_a_text_the_directions_are_the_same(params):
    one, other = (
        vocabulary.write(handmade.forward, params, text, site="block0/mlp/hidden").effect for text in (TEXT, None)
    )
    np.testing.assert_allclose(one / one[0, 0], other / other[0, 0], atol=1e-5)


@pytest.mark.parametrize("site", ["block0/attention", "block0/residual"])
def test_a_unit_of_the_stream_is_its_own_direction(params, site):
    found = vocabulary.write(handmade.forward, params, TEXT, site=site)
    expected = params["final"][:, None] * params["head"]
    np.testing.assert_allclose(found.effect, found.effect[0, 0] / expected[0, 0] * expected, atol=1e-5)


def test_past_the_norm_a_unit_is_read_by_the_head_alone(params):
    np.testing.assert_allclose(
        vocabulary.write(handmade.forward, params, TEXT, site="final").effect, params["head"], atol=1e-5
    )
    np.testing.assert_allclose(
        vocabulary.write(handmade.forward, params, TEXT, site="logits").effect, np.eye(handmade.WORDS), atol=1e-6
    )


def test_a_recurrent_unit_is_read_by_what_is_linear_in_it(weights):
    found = vocabulary.write(tiny.recurrent, weights, site="hidden")
    np.testing.assert_allclose(found.effect, weights["weights"], atol=1e-5)


def test_a_head_that_bends_is_made_linear_at_a_text(params):
    def bent(params, tokens, edits):
        logits, activations = handmade.forward(params, tokens, {name: edits[name] for name in edits})
        return jnp.tanh(logits / 3), activations

    with pytest.raises(ValueError, match="no linear function"):
        vocabulary.write(bent, params, site="block0/mlp/hidden")
    found = vocabulary.write(bent, params, TEXT, np.arange(8), site="block0/mlp/hidden")
    assert found.effect.argmax(axis=1).tolist() == list(range(handmade.WORDS))


def test_a_model_without_a_head_is_read_by_its_words(params):
    params = {name: leaf for name, leaf in params.items() if name != "head"}
    head = vocabulary.embedding(handmade.forward, params, handmade.WORDS, site="embed")
    np.testing.assert_allclose(head, params["table"].T, atol=1e-6)
    found = vocabulary.write(handmade.forward, params, TEXT, site="block0/mlp/hidden", head=head)
    expected = np.asarray((params["out"] * params["final"][None]) @ head)
    np.testing.assert_allclose(found.effect, found.effect[0, 0] / expected[0, 0] * expected, atol=1e-4)
    with pytest.raises(ValueError, match=r"expected `head` as \[10 output\]"):
        vocabulary.write(handmade.forward, params, TEXT, site="block0/mlp/hidden", head=head.T)


@pytest.mark.parametrize(
    ("site", "into", "message"),
    [
        ("block0/mlp/in", None, None),
        ("block0/mlp/in", "block0/mlp/hidden", "no linear function"),
        ("block0/mlp/hidden", "embed", "no linear function"),
        ("block0/mlp/hidden", "block0/mpl", "did you mean"),
    ],
)
def test_what_is_no_direction_of_the_stream_is_named(params, site, into, message):
    narrow = params | {name: params[name][:, :7] for name in ("in", "gate")}
    narrow |= {"bias": params["bias"][:7], "out": params["out"][:7]}
    with pytest.raises((ValueError, KeyError), match=message or "no direction of the stream"):
        vocabulary.write(handmade.forward, narrow, TEXT, site=site, into=into)
