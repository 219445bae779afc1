"""ConceptSHAP against the definition of the Shapley value, and on heads whose concepts are known."""

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.concepts import concept_shap

UNITS = 6


def head(x):
    """Four classes, by the signs of the first two units."""
    signs = jnp.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    return x[:, :2] @ signs.T


def data(count=200):
    x = np.random.default_rng(0).normal(size=(count, UNITS)).astype(np.float32)
    return x, np.asarray(jnp.argmax(head(jnp.asarray(x)), axis=-1))


def test_shapley_is_the_mean_over_all_orders():
    game = np.random.default_rng(1).normal(size=16)
    wanted = np.zeros(4)
    for order in itertools.permutations(range(4)):
        seen = 0
        for player in order:
            wanted[player] += (game[seen | 1 << player] - game[seen]) / math.factorial(4)
            seen |= 1 << player
    np.testing.assert_allclose(concept_shap.shapley(game), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(concept_shap.shapley(np.stack([game, 2 * game]))[1], 2 * wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="2\\^m subsets"):
        concept_shap.shapley(np.zeros(6))


def test_concepts_that_the_head_reads_share_it_and_others_get_nothing():
    x, labels = data()
    found = concept_shap.explain(head, x, labels, np.eye(UNITS)[[0, 1, 5]])
    assert found.full == 1 and found.complete[0] == 0 and found.complete[-1] == pytest.approx(1)
    np.testing.assert_allclose(found.score.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(found.score[:2], 0.5, atol=0.1)
    np.testing.assert_allclose(found.score[2], 0, atol=0.05)
    assert found.complete[0b011] == pytest.approx(1) and found.complete[0b100] < 0.1


def test_only_the_span_of_concepts_counts():
    x, labels = data()
    given = np.eye(UNITS)[[0, 1, 5]]
    turned = np.array([[3.0, 1.0, 0.0], [-2.0, 0.5, 0.0], [0.0, 0.0, 1.0]]) @ given
    one, other, scaled, twice = (
        concept_shap.explain(head, x, labels, concepts)
        for concepts in (given, turned, given * np.array([[7.0], [-0.1], [1.0]]), np.eye(UNITS)[[0, 0, 1]])
    )
    assert other.complete[0b011] == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(one.score, scaled.score, atol=0.02)  # up to the ridge
    np.testing.assert_allclose(twice.score[0], twice.score[1], atol=1e-6)  # equal concepts, equal values


def test_classes_have_concepts_of_their_own_and_the_recovery_can_be_held_out():
    x, _ = data()
    aside = lambda x: jnp.stack([x[:, 0], x[:, 1], 0.5 + 0 * x[:, 0]], axis=-1)
    labels = np.asarray(jnp.argmax(aside(jnp.asarray(x)), axis=-1))
    found = concept_shap.explain(
        aside, x[:150], labels[:150], np.eye(UNITS)[[0, 1]], test=(x[150:], labels[150:]), chance=0.0, budget=1
    )
    assert found.by_class[0, 0] > found.by_class[0, 1] and found.by_class[1, 1] > found.by_class[1, 0]
    np.testing.assert_allclose(found.by_class.sum(axis=1), found.complete[-1] - [0, 0, 1], atol=1e-6)


def test_what_is_wrong_is_named():
    x, labels = data(20)
    with pytest.raises(ValueError, match="1 to 16"):
        concept_shap.explain(head, x, labels, np.ones((17, UNITS)))
    with pytest.raises(ValueError, match="labels from 0 to 3"):
        concept_shap.explain(head, x, labels + 4, np.eye(UNITS)[:2])
    with pytest.raises(ValueError, match="no more than chance"):
        concept_shap.explain(head, x, labels, np.eye(UNITS)[:2], chance=1.0)
