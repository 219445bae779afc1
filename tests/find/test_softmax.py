"""What is peculiar to softmax: its relaxed inputs are word distributions."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.find import _climb, _words, softmax
from jaxneuron.types import Tokens
from tests.find.test_ascent import ALLOWED, T, V

VALUES = _climb.Values(ALLOWED, None, *map(jnp.float32, (0.1, 1.0, 0.0, 1.0)))


def test_relaxed_inputs_are_distributions_over_candidates():
    x = jax.random.normal(jax.random.key(0), (2, T, V))
    words = softmax._relax(jax.random.key(0), x, jnp.float32(1), VALUES, _climb.Shape(1, 1, "step")).tokens.ids
    np.testing.assert_allclose(words.sum(axis=-1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(words[..., ~np.asarray(ALLOWED)], 0.0)
    np.testing.assert_allclose(words[..., 1:], jax.nn.softmax(x[..., 1:], axis=-1), atol=1e-6)


def test_the_proximity_is_the_mean_share_of_the_heaviest_words():
    x = jnp.log(jnp.array([[[9.0, 3, 1], [9.0, 1, 1]]]))
    words = _words.discretise(x, VALUES._replace(candidates=jnp.array([False, True, True])))
    assert words.ids.tolist() == [[1, 1]]
    np.testing.assert_allclose(words.proximity, [(0.75 + 0.5) / 2], atol=1e-6)


def test_a_start_gives_its_words_half_of_the_mass():
    ngrams = jnp.array([[1, 4, 7]], jnp.int32)
    ragged = jnp.array([[True, True, False]])
    x = _words.start(jax.random.key(0), Tokens(ngrams, ragged), VALUES)
    mass = jax.nn.softmax(x, axis=-1)
    np.testing.assert_allclose([mass[0, 0, 1], mass[0, 1, 4]], 0.5, atol=0.05)
    assert np.all(mass[0, 2] < 0.2)  # no word there: a start like any other
