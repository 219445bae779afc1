"""Permutation gives each group the values of another row, or another word."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import permutation


def test_of_two_rows_each_takes_the_other_one(key):
    x = jnp.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    f = lambda x: x[:, 0] * x[:, 1] + x[:, 2]  # noqa: E731
    found = permutation.attribute(key, f, x, groups=np.array([0, 0, 1]))
    assert found.tolist() == [[-198, -198, -27], [198, 198, 27]]


def test_the_mean_of_many_is_over_the_other_rows(key):
    x = jnp.array([[0.0], [1.0], [5.0]])
    found = permutation.attribute(key, lambda x: x[:, 0], x, samples=400)
    np.testing.assert_allclose(found[:, 0], [-3, -1.5, 4.5], atol=0.3)


def test_words_are_exchanged_with_words_only(key):
    mask = np.array([[True, True], [True, False]])
    x = jnp.array([[[1.0], [2.0]], [[3.0], [jnp.finfo(jnp.float32).max]]])
    found = permutation.attribute(
        key, lambda x: jnp.sum(x[:, :1, 0], axis=1), x, groups=np.zeros((2, 1), int), mask=mask
    )
    assert jnp.abs(found).max() <= 2 and not found[1, 1].any() and found[0, 0, 0] != 0


def test_a_row_alone_has_nobody_to_take_from(key):
    with pytest.raises(ValueError, match="a single row"):
        permutation.attribute(key, lambda x: x[:, 0], np.ones((1, 3)))


def test_a_feature_that_is_not_read_matters_not(key):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    assert not permutation.attribute(key, lambda x: x[:, 0] * x[:, 1], x)[:, 2].any()
