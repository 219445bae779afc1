"""The first unit is the one missed most alone; each next one is what a search by hand would take."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Scale
from jaxneuron.intervene import Taking, greedy
from jaxneuron.tap import Tap
from jaxneuron.targets import Logit
from jaxneuron.types import Tokens
from tests import tiny

UNITS = tiny.VOCAB + 1
TOKENS = Tokens(jnp.array([[1, 3, 5, 2], [3, 1, 6, 0]]), jnp.ones((2, 4), bool))


@jax.jit
def score(weights, edits):
    return Logit(3)(*tiny.recurrent(weights, TOKENS, edits), TOKENS)


def test_it_takes_what_a_search_by_hand_takes(weights):
    calls = []
    found = greedy.intervene(
        tiny.recurrent,
        weights,
        TOKENS,
        Logit(3),
        site="hidden",
        taking=Taking(3),
        progress=lambda done, total: calls.append((done, total)),
    )
    kept = np.ones(UNITS)
    for place in range(3):
        left = []
        for unit in range(UNITS):
            edits = {"hidden": Scale(jnp.asarray(np.where(np.arange(UNITS) == unit, 0, kept), jnp.float32))}
            left.append(float(np.mean(score(weights, edits))))
        best = int(np.argmin(np.where(kept > 0, left, np.inf)))
        assert found.order[place] == best
        assert found.score[place] == pytest.approx(left[best], abs=1e-5)
        kept[best] = 0
    assert found.score[0] == pytest.approx(found.alone[0]) and calls == [(1, 3), (2, 3), (3, 3)]
    assert found.unedited == pytest.approx(found.effect.unedited.mean(), abs=1e-6)
    assert found.effect.edited.shape == (3, 2)


def redundant(params, tokens, edits):
    """Say yes if either of the units 0 and 1 is on, which both are; unit 2 helps a little."""
    tap = Tap(edits)
    ones = jnp.broadcast_to(params, (*tokens.mask.shape, 4))
    units = tap("units", ones, jnp.arange(tokens.mask.shape[1]))
    return jnp.maximum(units[..., :1], units[..., 1:2]) + 0.1 * units[..., 2:3], tap.activations()


def test_units_that_stand_in_for_each_other_are_found_together():
    found = greedy.intervene(redundant, jnp.ones(4), TOKENS, Logit(0), site="units", taking=Taking(3))
    assert found.order.tolist() == [2, 0, 1]  # neither 0 nor 1 is missed alone
    np.testing.assert_allclose(found.score, [1.0, 1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.alone, [1.0, 1.1, 1.1], atol=1e-6)


def test_only_candidates_are_taken_and_there_must_be_enough():
    allowed = np.array([True, True, False, False])
    found = greedy.intervene(redundant, jnp.ones(4), TOKENS, Logit(0), allowed, site="units", taking=Taking(2))
    assert sorted(found.order.tolist()) == [0, 1]
    with pytest.raises(ValueError, match="at least 3 units"):
        greedy.intervene(redundant, jnp.ones(4), TOKENS, Logit(0), allowed, site="units", taking=Taking(3))
