"""Importance curves: the planted units are missed first, in a probe and in a model, in whatever layer they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Scale
from jaxneuron.evaluate.importance import JOINED, Asked, in_model, in_probe, joined
from jaxneuron.rank import linear
from jaxneuron.ranking import ranked
from jaxneuron.tap import Tap
from jaxneuron.types import Tokens
from tests.evaluate import planted
from tests.quick import quick_compilation  # noqa: F401

DATA = planted.classes()
LAYERS = {"low": 4, "high": 3}


def forward(params, tokens, edits):
    """Return the class of each word, which unit 1 of `low` and unit 2 of `high` tell; without both it is class 0."""
    tap, time = Tap(edits), jnp.arange(tokens.mask.shape[1])
    low = tap("low", jax.nn.one_hot(tokens.ids, 4), time)
    high = tap("high", jnp.stack([low[..., 0], low[..., 3], jax.nn.one_hot(tokens.ids, 4)[..., 2]], axis=-1), time)
    return jnp.stack([0.1 + 0 * low[..., 0], low[..., 1], high[..., 2]], axis=-1), tap.activations()


TOKENS = Tokens(np.array([[0, 1, 2, 1], [2, 0, 1, 0]]), np.ones((2, 4), bool))
ASKED = Asked(TOKENS, TOKENS.ids)
ORDER = ranked(jnp.array([0.0, 9, 0, 0, 0, 0, 8]))  # unit 1 of `low`, unit 2 of `high`, and five that are not used


def test_the_planted_units_of_a_probe_are_missed(key):
    probe = linear.fit(key, *DATA.train)
    found = in_probe(key, DATA.ranking, probe, DATA.test, counts=[1, 3, 12], draws=4, value=np.asarray(probe.mean))
    assert found.whole > 0.95 and found.top[1] < 0.6 < 0.95 < found.bottom[1]
    assert found.random.shape == (4, 3) and (found.top <= found.bottom + 0.05).all()
    assert len({found.top[2], found.bottom[2], *found.random[:, 2]}) == 1  # without any unit, whatever their order
    assert found.gap > 0.1


def test_units_of_several_sites_are_missed_in_the_model(key):
    found = in_model(key, ORDER, forward, {}, ASKED, layers=LAYERS, counts=[1, 2, 5, 7], draws=2)
    assert found.whole == 1 and found.top.tolist() == [5 / 8, 3 / 8, 3 / 8, 3 / 8]
    assert found.bottom.tolist() == [1, 1, 1, 3 / 8] and (found.random[:, 3] == 3 / 8).all()


def test_sites_side_by_side_are_one_site():
    both = joined(forward, tuple(LAYERS.items()))
    assert both is joined(forward, tuple(LAYERS.items()))
    given = jax.tree.map(jnp.asarray, TOKENS)
    output, activations = both({}, given, {})
    plain, parts = forward({}, given, {})
    np.testing.assert_array_equal(output, plain)
    np.testing.assert_array_equal(activations[JOINED], np.concatenate([parts["low"], parts["high"]], axis=-1))
    factor = jnp.array([1.0, 1, 0, 1, 1, 1, 5])
    other = {"low": Scale(factor[:4]), "high": Scale(factor[4:])}
    np.testing.assert_array_equal(both({}, given, {JOINED: Scale(factor)})[0], forward({}, given, other)[0])


@pytest.mark.parametrize(
    ("layers", "options", "error", "message"),
    [
        ({"low": 4, "hihg": 3}, {}, KeyError, "did you mean 'high'"),
        ({"low": 4, "high": 2}, {}, ValueError, "'high' has 3 units, got 2"),
        ({"low": 4}, {}, ValueError, "have 4 units, the ranking orders 7"),
        (LAYERS, {"counts": [0]}, ValueError, "each k from 1 on"),
        (LAYERS, {"counts": [8]}, ValueError, "there are 7 units"),
        (LAYERS, {"draws": 0}, ValueError, "at least one draw"),
    ],
)
def test_what_does_not_fit_is_named(key, layers, options, error, message):
    with pytest.raises(error, match=message):
        in_model(key, ORDER, forward, {}, ASKED, layers=layers, **{"counts": [1]} | options)
