import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.edits import Add, Affine, Clamp, Project, Replace, Scale, Then
from jaxneuron.types import Tokens
from tests import tiny

TIME = jnp.arange(3)
VALUE = jnp.arange(24.0).reshape(2, 3, 4)
TEXT = Tokens(jnp.array([[1, 2, 3], [4, 5, 6]]), jnp.ones((2, 3), bool))


def test_each_edit_does_what_it_says():
    np.testing.assert_array_equal(Scale(2.0)(VALUE, TIME), VALUE * 2)
    np.testing.assert_array_equal(Add(1.0)(VALUE, TIME), VALUE + 1)
    np.testing.assert_array_equal(Affine(-1.0, 2.0)(VALUE, TIME), 2 - VALUE)
    np.testing.assert_array_equal(Clamp(5.0, 7.0)(VALUE, TIME), jnp.clip(VALUE, 5, 7))
    np.testing.assert_array_equal(Then(Add(1.0), Scale(2.0))(VALUE, TIME), 2 * (VALUE + 1))
    np.testing.assert_array_equal(Replace(3.0)(VALUE, TIME), jnp.full_like(VALUE, 3))


@pytest.mark.parametrize("shape", [(), (4,), (1, 4), (3, 4), (1, 1, 4), (2, 1, 4), (2, 3, 4)])
def test_leaves_of_every_shape_broadcast(shape):
    leaf = jnp.arange(float(np.prod(shape))).reshape(shape)
    np.testing.assert_array_equal(Add(leaf)(VALUE, TIME), np.asarray(VALUE) + np.asarray(leaf))


@pytest.mark.parametrize("shape", [(), (4,), (1, 4), (3, 4), (2, 1, 4), (2, 3, 4)])
def test_inside_a_recurrence_a_step_takes_its_own_part(shape):
    leaf = jnp.arange(float(np.prod(shape))).reshape(shape)
    whole = Add(leaf)(VALUE, TIME)
    for time in range(3):
        np.testing.assert_array_equal(Add(leaf)(VALUE[:, time], jnp.array(time)), whole[:, time])


def test_whole_numbers_take_the_dtype_of_the_value():
    assert Replace(1)(VALUE, TIME).dtype == Scale(0)(VALUE, TIME).dtype == VALUE.dtype


def test_a_leaf_that_does_not_fit_is_refused():
    with pytest.raises(ValueError):
        Add(jnp.ones(3))(VALUE, TIME)


def test_an_edit_acts_at_every_step_of_a_recurrence(weights):
    unit = jnp.zeros(tiny.VOCAB + 1).at[2].set(1.0)
    low, high = jnp.where(unit > 0, 0.3, -jnp.inf), jnp.where(unit > 0, 0.3, jnp.inf)
    activations = tiny.recurrent(weights, TEXT, {"hidden": Clamp(low, high)})[1]
    np.testing.assert_allclose(activations["hidden"][..., 2], 0.3, atol=1e-7)


def test_replacing_a_recurrent_site_by_itself_changes_nothing(weights):
    output, activations = tiny.recurrent(weights, TEXT, {})
    again = tiny.recurrent(weights, TEXT, {"hidden": Replace(activations["hidden"])})[0]
    np.testing.assert_allclose(again, output, atol=1e-6)


def test_stacked_leaves_are_many_ablations_in_one_call(forward, weights):
    site = "embed"
    keep = 1.0 - jnp.eye(tiny.VOCAB + 1)
    many = jax.vmap(lambda factor: forward(weights, TEXT, {site: Scale(factor)})[0])(keep)
    for unit in range(tiny.VOCAB + 1):
        np.testing.assert_allclose(many[unit], forward(weights, TEXT, {site: Scale(keep[unit])})[0], atol=1e-6)


def test_new_values_do_not_compile_again(forward, weights, no_compilation):
    run = jax.jit(forward)
    first, second = jnp.ones(tiny.VOCAB + 1), jnp.zeros(tiny.VOCAB + 1)
    run(weights, TEXT, {"embed": Scale(first)})
    with no_compilation():
        run(weights, TEXT, {"embed": Scale(second)})


def test_a_projection_goes_to_a_point_along_its_directions_alone():
    along = jnp.array([[0.6, 0.8, 0.0, 0.0]])
    point = jnp.array([0.0, 0.0, 7.0, 7.0])
    found = Project(point, along, along)(VALUE, TIME)
    np.testing.assert_allclose(found @ along.T, 0, atol=1e-5)
    np.testing.assert_allclose(
        found - (found @ along.T) * along[None], VALUE - (VALUE @ along.T) * along[None], atol=1e-5
    )
    here = jnp.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])[..., None]
    other = VALUE + 1.0
    np.testing.assert_allclose(
        Project(other, along, along, here)(VALUE, TIME), VALUE + here * 1.4 * along[None], atol=1e-5
    )
    for time in range(3):
        step = Project(other, along, along, here)(VALUE[:, time], jnp.array(time))
        np.testing.assert_allclose(step, (VALUE + here * 1.4 * along[None])[:, time], atol=1e-5)
    none = jnp.zeros((0, 4))
    np.testing.assert_array_equal(Project(point, none, none)(VALUE, TIME), VALUE)
