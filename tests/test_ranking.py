import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.ranking import ranked


def test_best_first_and_ties_by_index():
    ranking = ranked(jnp.array([[0.0, 2.0, 1.0, 2.0], [3.0, 3.0, 3.0, 3.0]]))
    np.testing.assert_array_equal(ranking.order, [[1, 3, 2, 0], [0, 1, 2, 3]])


def test_what_is_no_number_comes_last():
    assert ranked(jnp.array([jnp.nan, -jnp.inf, jnp.inf, 0.0, jnp.nan])).order.tolist() == [2, 3, 1, 0, 4]


@pytest.mark.parametrize("shape", [(50,), (3, 50), (2, 3, 50)])
def test_the_score_is_kept_and_sorted_by_the_order(shape):
    score = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ranking = ranked(jnp.asarray(score))
    np.testing.assert_array_equal(ranking.score, score)
    assert np.all(np.diff(np.take_along_axis(score, np.asarray(ranking.order), -1)) <= 0)


def test_permuting_units_permutes_the_order():
    score = jnp.array([0.3, 0.1, 0.9, 0.5])
    permutation = jnp.array([2, 0, 3, 1])
    np.testing.assert_array_equal(permutation[ranked(score[permutation]).order], ranked(score).order)
