"""What is peculiar to logit: its relaxed inputs are any mixture of candidate words."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxneuron.find import _climb, logit
from tests.find.test_ascent import ALLOWED, T, V, find

VALUES = _climb.Values(ALLOWED, None, *map(jnp.float32, (0.1, 1.0, 0.0, 1.0)))


def test_relaxed_inputs_are_the_weights_themselves_without_banned_words():
    x = 9 * jax.random.normal(jax.random.key(0), (2, T, V))
    words = logit._relax(jax.random.key(0), x, jnp.float32(1), VALUES, _climb.Shape(1, 1, "step")).tokens.ids
    np.testing.assert_array_equal(words, jnp.where(ALLOWED, x, 0.0))


def test_banned_words_have_no_gradient():
    def total(x):
        return jnp.sum(
            logit._relax(jax.random.key(0), x, jnp.float32(1), VALUES, _climb.Shape(1, 1, "step")).tokens.ids ** 2
        )

    gradient = jax.grad(total)(jnp.ones((1, T, V)))
    np.testing.assert_array_equal(gradient, jnp.broadcast_to(2.0 * ALLOWED, (1, T, V)))


def test_one_step_moves_each_weight_by_the_learning_rate(weights):
    """Adam's first step is the sign of the gradient: with a rate of 9 every helpful word outweighs the others."""
    found = find(logit, weights, [1], steps=2, epoch=2, learning_rate=9.0, keep="step")
    assert int(found.step[0, 0]) <= 1 and 1 in found.tokens.ids[0, 0].tolist()
