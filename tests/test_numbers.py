"""Numbers on their way in are what they were, or an error says why not; and so are random keys."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import _keys, _numbers


@pytest.mark.parametrize("value", [np.array([1e39]), np.array([1e-60]), np.array([2**40])])
def test_what_single_precision_does_not_hold_is_an_error(value):
    with pytest.raises(ValueError, match="does not hold; divide by its scale"):
        _numbers.array(value, "x")


def test_other_numbers_are_as_they_were():
    np.testing.assert_array_equal(_numbers.array(np.array([1e30, 1e-60]), "x"), np.float32([1e30, 0]))
    np.testing.assert_array_equal(_numbers.array([True, False], "x"), [True, False])
    with pytest.raises(ValueError, match="1 of the 2 numbers in `x` are NaN or infinite"):
        _numbers.array([1.0, np.inf], "x")
    for wrong in ("a", 1j):
        with pytest.raises(TypeError, match="expected `x` as real numbers"):
            _numbers.array(wrong, "x")


def test_two_arrays_get_a_type_that_holds_both():
    whole = jnp.array([2**24 + 1])
    with pytest.raises(ValueError, match="float32 does not hold"):
        _numbers.together(whole, 0.5, "baseline")
    assert _numbers.together(whole, 2.0, "baseline")[1].dtype == jnp.int32


@pytest.mark.parametrize("wrong", [0, None, np.zeros(2), jax.random.split(jax.random.key(0))], ids=repr)
def test_what_is_no_key_is_named(wrong):
    with pytest.raises(TypeError, match="expected one random key, such as"):
        _keys.checked(wrong)


def test_keys_of_both_kinds_are_taken():
    for key in (jax.random.key(0), jax.random.PRNGKey(0)):
        assert _keys.checked(key) is key
