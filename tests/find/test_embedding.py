"""What is peculiar to embedding optimisation: vectors, and the cosine to the nearest words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import batching
from jaxneuron.find import embedding
from jaxneuron.targets import Unit
from jaxneuron.types import Tokens
from tests import tiny
from tests.find.test_ascent import ALLOWED, UNITS, T, find


def test_word_vectors_are_the_rows_of_the_table(weights, no_compilation):
    np.testing.assert_array_equal(embedding.word_vectors(tiny.recurrent, weights, tiny.VOCAB), weights["table"])
    other = jax.tree.map(lambda leaf: leaf * 2, weights)
    with no_compilation():
        embedding.word_vectors(tiny.recurrent, other, tiny.VOCAB)


def test_the_proximity_is_the_cosine_to_the_nearest_word(weights):
    found = find(embedding, weights, steps=1, epoch=1, learning_rate=0.0, keep="step")
    keys = batching.fold_targets(jax.random.key(4), Unit("hidden", UNITS))
    table = np.asarray(weights["table"])
    for row, key in enumerate(keys):
        x = np.asarray(jax.random.uniform(key, (1, T, table.shape[1]), minval=-0.05, maxval=0.05))[0]
        cosine = x @ table.T / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(table, axis=1)
        cosine[:, ~np.asarray(ALLOWED)] = -2
        assert found.tokens.ids[row, 0].tolist() == cosine.argmax(axis=1).tolist()
        np.testing.assert_allclose(found.proximity[row, 0], cosine.max(axis=1).mean(), atol=1e-5)


def test_optimised_vectors_leave_the_words(weights):
    """The paper's 0.24: what drives the unit most is no word."""
    words = Tokens(jnp.broadcast_to(UNITS[:3, None, None], (3, 1, T)).astype(jnp.int32), jnp.ones((3, 1, T), bool))
    near = find(embedding, weights, UNITS[:3], steps=1, epoch=1, start=words, learning_rate=0.0, keep="step")
    far = find(embedding, weights, UNITS[:3], steps=200, epoch=50, start=words, keep="epoch")
    np.testing.assert_allclose(near.proximity, 1.0, atol=1e-5)
    assert np.all(far.proximity < 0.99)


def test_a_model_without_word_vectors_is_told_what_is_missing(weights):
    def without(params, tokens, edits):
        output, activations = tiny.recurrent(params, tokens, edits)
        return output, {site: value for site, value in activations.items() if site != "embed/word"}

    with pytest.raises(KeyError, match="no site 'embed/word'"):
        embedding.find(
            jax.random.key(0),
            without,
            weights,
            Unit("hidden", UNITS),
            Tokens(np.ones((1, T), np.int32), np.ones((1, T), bool)),
            ALLOWED,
        )
