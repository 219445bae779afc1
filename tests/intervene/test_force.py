"""Writing under many sets of held units is writing under each."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Clamp
from jaxneuron.intervene import Sampling, force, generate
from jaxneuron.types import Tokens
from tests import tiny
from tests.intervene import writers

UNITS = tiny.VOCAB + 1
PROMPT = Tokens(np.array([[1, 3], [4, 0]], np.int32), np.array([[True, True], [True, False]]))
SAMPLING = Sampling(3, read=writers.words)


def write(weights, masks, **options):
    options = {"site": "hidden", "sampling": SAMPLING} | options
    return force.intervene(jax.random.key(0), writers.recurrent, weights, writers.start(2), PROMPT, masks, **options)


def test_each_set_writes_what_it_writes_alone(weights):
    masks = np.random.default_rng(0).random((2, 2, UNITS)) < 0.4
    masks[0, 0] = False
    value = np.linspace(-2, 2, UNITS)
    found = write(weights, masks, value=value)
    assert found.tokens.ids.shape == (2, 2, 2, 5)
    for place in np.ndindex(2, 2):
        held = [jnp.asarray(np.where(masks[place], value, free), jnp.float32) for free in (-np.inf, np.inf)]
        alone = generate.intervene(
            jax.random.key(0),
            writers.recurrent,
            weights,
            writers.start(2),
            PROMPT,
            {"hidden": Clamp(*held)} if place != (0, 0) else {},
            sampling=SAMPLING,
        )
        np.testing.assert_array_equal(found.tokens.ids[place], alone.tokens.ids)
        np.testing.assert_allclose(found.log_probability[place], alone.log_probability, atol=1e-5)


def test_a_unit_that_is_held_on_writes_its_word(weights):
    units = np.eye(UNITS, dtype=bool)[: tiny.VOCAB]
    found = write(weights, units, value=20.0, sampling=SAMPLING._replace(temperature=0.0))
    for unit in range(tiny.VOCAB):
        assert np.all(found.tokens.ids[unit][found.sampled[unit]] == unit)


def test_a_transformer_is_held_too():
    masks = np.zeros((2, 8), bool)
    masks[1, :4] = True
    params = writers.attentive_weights()
    given, sampling = (jax.random.key(0), writers.attentive, params, writers.cache(2), PROMPT), Sampling(3)
    found = force.intervene(*given, masks, site="final", value=9.0, sampling=sampling)
    free = generate.intervene(*given, sampling=sampling)
    np.testing.assert_array_equal(found.tokens.ids[0], free.tokens.ids)
    assert not np.allclose(found.log_probability[1], free.log_probability)


def test_a_value_that_does_not_fit_is_said(weights):
    with pytest.raises(ValueError, match="for the 9 units of 'hidden'"):
        write(weights, None, value=np.ones(3))
