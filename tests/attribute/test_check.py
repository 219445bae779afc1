"""What is wrong with a question is said, by every method alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import expected_gradients, integrated_gradients, saliency, smooth_grad
from jaxneuron.attribute._check import check_baseline, check_counts

X = jnp.ones((2, 3))


def f(x):
    return jnp.sum(x**2, axis=-1)


@pytest.mark.parametrize("baseline", [0.0, np.zeros(3), np.zeros((1, 3)), np.zeros((2, 3))], ids=np.shape)
def test_a_baseline_broadcasts(baseline):
    x, spread = check_baseline(X, baseline)
    assert spread.shape == x.shape and spread.dtype == x.dtype


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 3)])
def test_a_baseline_of_the_wrong_shape_is_named_with_both_shapes(shape):
    with pytest.raises(ValueError) as raised:
        integrated_gradients.attribute(f, X, jnp.zeros(shape))
    assert str(shape) in str(raised.value) and "(2, 3)" in str(raised.value)


@pytest.mark.parametrize(
    "x", [jnp.ones((2, 3), jnp.int32), np.ones((2, 3), bool)], ids=["whole numbers", "truth values"]
)
def test_what_has_no_gradient_is_refused(x):
    with pytest.raises(ValueError, match="no gradient; for text, take the word vectors"):
        check_baseline(x, 0)


def test_what_is_not_finite_is_counted():
    with pytest.raises(ValueError, match="1 of the 6 numbers in `x` are NaN"):
        saliency.attribute(f, X.at[0, 1].set(jnp.nan))
    with pytest.raises(ValueError, match="1 of the 1 numbers in `baseline`"):
        integrated_gradients.attribute(f, X, jnp.inf)


def test_a_map_that_scores_no_rows_is_refused():
    for wrong in (lambda x: x, jnp.sum, lambda x: f(x) > 0, lambda x: (f(x), f(x))):
        with pytest.raises(ValueError, match="one real score per row"):
            saliency.attribute(wrong, X)


def test_options_are_checked(key):
    with pytest.raises(ValueError, match="`steps` must be a whole number of at least 1, got 0"):
        check_counts(steps=0)
    with pytest.raises(ValueError, match="no rule"):
        integrated_gradients.attribute(f, X, 0.0, rule="gauss")
    with pytest.raises(ValueError, match="no kind 'median'; the kinds are mean"):
        smooth_grad.attribute(key, f, X, kind="median")
    with pytest.raises(ValueError, match="at least 2 samples"):
        smooth_grad.attribute(key, f, X, kind="variance", samples=1)
    with pytest.raises(ValueError, match=r"\(2, 4\) does not fit `x`, \(2, 3\)"):
        expected_gradients.attribute(key, f, X, jnp.ones((2, 4)))


def test_a_method_works_inside_of_a_compiled_function():
    found = jax.jit(lambda x: integrated_gradients.attribute(f, x, 0.0, steps=2).attribution)(X)
    np.testing.assert_allclose(found, 1, rtol=1e-6)
