import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import batching, ranking
from jaxneuron.rank import probeless


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 90).astype(np.int32)
    return (rng.normal(size=(90, 6)) * [1, 1, 1, 5, 1, 1] + [0, 0, 500, 0, 0, 0]).astype(np.float32), labels


def test_it_is_the_sum_over_pairs_of_classes(data):
    activations, labels = data
    means = [activations[labels == c].astype(float).mean(0) for c in range(4)]
    expected = [sum(abs(mean - other) for other in means) for mean in means]
    np.testing.assert_allclose(probeless.rank(None, *data).score, expected, rtol=1e-4, atol=1e-4)
    pairs = sum(abs(means[a] - means[b]) for a in range(4) for b in range(a))
    overall = ranking.overall(probeless.rank(None, *data))
    np.testing.assert_array_equal(overall.order, np.argsort(-pairs))


def test_a_concept_is_compared_with_the_other_tokens(data):
    activations, labels = data
    concepts = np.stack([labels == 1, labels < 2], axis=1)
    expected = [abs(activations[held].mean(0) - activations[~held].mean(0)) for held in concepts.T]
    np.testing.assert_allclose(probeless.rank(None, activations, concepts).score, expected, rtol=1e-3, atol=1e-4)


def test_scaled_divides_by_the_spread_within(data):
    activations, labels = data
    exact = activations.astype(float)
    within = np.sqrt(sum(((exact[labels == c] - exact[labels == c].mean(0)) ** 2).sum(0) for c in range(4)) / 90)
    plain, scaled = (np.asarray(probeless.rank(None, *data, scaled=scaled).score) for scaled in (False, True))
    np.testing.assert_allclose(scaled, plain / within, rtol=1e-3, atol=1e-3)
    factors = np.array([[1, 8, 0.5, 2, 4, 1]], np.float32)
    np.testing.assert_allclose(
        probeless.rank(None, activations * factors, labels, scaled=True).score, scaled, rtol=1e-3
    )


def test_a_class_without_tokens_takes_no_part(data):
    activations, labels = data
    score = probeless.rank(None, activations, labels * 2).score
    assert np.all(score[1::2] == 0)
    np.testing.assert_allclose(score[::2], probeless.rank(None, *data).score, rtol=1e-6)


def test_init_update_finish_is_rank(data):
    activations, labels = data
    state = probeless.init(4, 6, scaled=True)
    state = batching.fold_rows(probeless.update, state, activations, labels, chunk=40)
    streamed = probeless.finish(state, classes=True)
    np.testing.assert_allclose(streamed.score, probeless.rank(None, *data, scaled=True).score, rtol=1e-4)
    assert isinstance(streamed.score, jnp.ndarray)
