import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import chunks
from jaxneuron.edits import Clamp
from jaxneuron.types import Tokens
from jaxneuron.writes import token_change
from tests import tiny
from tests.writes import handmade

TEXT = Tokens(jnp.array([[1, 4, 2], [3, 3, 0]]), jnp.array([[True, True, True], [True, True, False]]))


def one_by_one(forward, params, site, values):
    """Return what a loop finds: the mean change of the scores at the words where each unit is held."""
    found = []
    unedited = np.asarray(forward(params, TEXT, {})[0])[TEXT.mask]
    for unit, value in enumerate(values):
        here = jnp.arange(len(values)) == unit
        edit = Clamp(jnp.where(here, value, -jnp.inf), jnp.where(here, value, jnp.inf))
        found.append((np.asarray(forward(params, TEXT, {site: edit})[0])[TEXT.mask] - unedited).mean(axis=0))
    return np.stack(found)


@pytest.mark.parametrize("site", ["block0/mlp/hidden", "final"])
def test_it_agrees_with_a_loop(site):
    params = handmade.weights(jax.random.key(0))
    found = token_change.write(handmade.forward, params, TEXT, site=site)
    highest = np.asarray(handmade.forward(params, TEXT, {})[1][site])[TEXT.mask].max(axis=0)
    np.testing.assert_allclose(found.effect, one_by_one(handmade.forward, params, site, highest), atol=1e-4)


def test_a_unit_that_writes_a_word_raises_it_most():
    params = handmade.weights(jax.random.key(0))
    found = token_change.write(handmade.forward, params, TEXT, np.arange(8), site="block0/mlp/hidden", value=9.0)
    assert found.effect.argmax(axis=1).tolist() == list(range(handmade.WORDS))


def test_a_recurrent_unit_is_held_at_every_step(weights):
    values = np.linspace(-1, 1, tiny.VOCAB + 1)
    found = token_change.write(tiny.recurrent, weights, TEXT, site="hidden", value=values)
    np.testing.assert_allclose(found.effect, one_by_one(tiny.recurrent, weights, "hidden", values), atol=1e-4)
    with pytest.raises(ValueError, match="got the shape"):
        token_change.write(tiny.recurrent, weights, TEXT, site="hidden", value=values[:2])


def test_the_error_falls_with_texts_that_are_alike():
    params = handmade.weights(jax.random.key(0))
    alike = Tokens(np.tile(TEXT.ids[:1], (4, 1)), np.tile(TEXT.mask[:1], (4, 1)))
    found = [
        token_change.write(handmade.forward, params, text, site="block0/mlp/hidden", value=9.0)
        for text in (TEXT, alike)
    ]
    assert found[0].error[:8].min() > 1e-3 and found[1].error.max() < 1e-3 and found[1].settled
    one = token_change.write(handmade.forward, params, Tokens(*(leaf[:1] for leaf in TEXT)), site="block0/mlp/hidden")
    assert np.isinf(one.error[0]) and not one.settled


def test_texts_cut_to_their_length_and_one_unit_at_two_values_are_a_loop(monkeypatch):
    params, random = handmade.weights(jax.random.key(0)), np.random.default_rng(0)
    mask = np.arange(14) < np.array([14, 9, 3, 8, 12])[:, None]
    text = Tokens(random.integers(0, handmade.WORDS, mask.shape), mask)
    units, values = np.array([3, 5, 3]), np.array([2.0, 0.0, -1.0])
    padded = token_change.write(handmade.forward, params, text, units, site="block0/mlp/hidden", value=values)
    monkeypatch.setattr(chunks, "SHAPE_COST", 20)
    cut = token_change.write(handmade.forward, params, text, units, site="block0/mlp/hidden", value=values)
    for found, expected in zip(cut, padded, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    alone = token_change.write(handmade.forward, params, text, units[2:], site="block0/mlp/hidden", value=-1.0)
    np.testing.assert_allclose(cut.effect[2], alone.effect[0], atol=1e-5)
