"""A push is what is added, by amounts; a feature of a dictionary, a unit and a group are directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add
from jaxneuron.intervene import Sampling, generate, steer
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny
from tests.intervene import writers

UNITS = tiny.VOCAB + 1
TOKENS = Tokens(jnp.array([[1, 3, 5, 2], [4, 1, 6, 0]]), jnp.array([[True] * 4, [True] * 3 + [False]]))
TARGET = Unit("projection", 3)


@jax.jit
def score(weights, edits):
    return TARGET(*tiny.recurrent(weights, TOKENS, edits), TOKENS)


@pytest.mark.parametrize("site", ["embed", "hidden"])
def test_all_pushes_at_once_are_a_loop_of_pushes(weights, site):
    pushes, amounts = np.random.default_rng(0).normal(size=(2, UNITS)).astype(np.float32), (-2.0, 0.0, 0.5)
    where = np.asarray(TOKENS.ids) == 1
    for here in (None, where):
        found = steer.intervene(tiny.recurrent, weights, TOKENS, TARGET, pushes, site=site, amounts=amounts, where=here)
        assert found.edited.shape == (2, 3, 2)
        for row, push in enumerate(pushes):
            for column, amount in enumerate(amounts):
                added = np.broadcast_to(amount * push, (2, 4, UNITS)) * (1 if here is None else here[..., None])
                expected = score(weights, {site: Add(jnp.asarray(added))})
                np.testing.assert_allclose(found.edited[row, column], expected, atol=1e-5)
        np.testing.assert_allclose(found.edited[:, 1], np.stack([found.unedited] * 2), atol=1e-6)


def test_text_is_written_under_a_push(weights):
    units = np.arange(UNITS) == 6
    push = steer.unit_direction(tiny.recurrent, weights, TOKENS, units, site="hidden")
    states = np.asarray(tiny.recurrent(weights, TOKENS, {})[1]["hidden"])[np.asarray(TOKENS.mask)]
    np.testing.assert_allclose(push, np.where(units, states.std(0), 0), atol=1e-6)
    prompt = Tokens(np.array([[1], [2]], np.int32), np.ones((2, 1), bool))
    pushed = steer.edits(push, 60.0, site="hidden")
    sampling = Sampling(4, 0.0, read=writers.words)
    key, start = jax.random.key(0), writers.start(2)
    found = generate.intervene(key, writers.recurrent, weights, start, prompt, pushed, sampling=sampling)
    assert (found.tokens.ids[:, 1:] == 6).all()


@pytest.mark.parametrize(
    ("pushes", "amounts", "fault"),
    [
        (np.ones(3), (1.0,), "has 9 units, got directions"),
        (np.ones(UNITS), (), "at least one amount"),
        (np.full(UNITS, np.nan), (1.0,), "finite numbers"),
    ],
)
def test_what_does_not_fit_is_said(weights, pushes, amounts, fault):
    with pytest.raises(ValueError, match=fault):
        steer.intervene(tiny.recurrent, weights, TOKENS, TARGET, pushes, site="hidden", amounts=amounts)
