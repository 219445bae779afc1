from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.targets import (
    Along,
    Cell,
    Group,
    Highest,
    Logit,
    Minus,
    Times,
    Unit,
    at_position,
    at_word,
    check_position,
    count,
    logits,
    stack,
)
from jaxneuron.types import Tokens
from tests import tiny

WIDTH = tiny.VOCAB + 1
TEXT = Tokens(
    jnp.array([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]]), jnp.arange(4)[None] < jnp.array([4, 2, 1])[:, None]
)
LAST = [3, 1, 0]


def score(target, weights):
    return target(*tiny.recurrent(weights, TEXT, {}), TEXT)


@pytest.fixture
def hidden(weights):
    return np.asarray(tiny.recurrent(weights, TEXT, {})[1]["hidden"])


def test_minus_one_is_the_last_real_word():
    value = jnp.arange(12.0).reshape(3, 4, 1)
    np.testing.assert_array_equal(at_position(value, TEXT, -1)[:, 0], [3, 5, 8])
    np.testing.assert_array_equal(at_position(value, TEXT, 1)[:, 0], [1, 5, 9])
    np.testing.assert_array_equal(at_position(value[:, :1], TEXT, -1)[:, 0], [0, 4, 8])


def test_a_unit_is_read_at_its_position(weights, hidden):
    np.testing.assert_array_equal(score(Unit("hidden", 2), weights), hidden[range(3), LAST, 2])
    np.testing.assert_array_equal(score(Unit("hidden", 2, position=0), weights), hidden[:, 0, 2])


def test_a_group_is_the_mean_of_its_members(weights, hidden):
    mask = jnp.zeros(WIDTH).at[jnp.array([1, 4])].set(1.0)
    expected = hidden[range(3), LAST][:, [1, 4]].mean(axis=1)
    for members in (mask, mask > 0):
        np.testing.assert_allclose(score(Group("hidden", members), weights), expected, rtol=1e-5)


def test_a_direction_is_a_sum_with_a_bias(weights, hidden):
    direction = jnp.linspace(-1.0, 1.0, WIDTH)
    expected = hidden[range(3), LAST] @ np.asarray(direction) + 2.0
    np.testing.assert_allclose(score(Along("hidden", direction, 2.0), weights), expected, rtol=1e-5)


def test_a_logit_is_read_from_the_output(weights):
    np.testing.assert_array_equal(score(Logit(3), weights), score(Unit("projection", 3), weights))


def test_minus_subtracts_and_survives_tree_operations(weights):
    target = Minus(Unit("hidden", 1), Logit(2))
    expected = score(Unit("hidden", 1), weights) - score(Logit(2), weights)
    np.testing.assert_allclose(score(target, weights), expected, atol=1e-6)
    many = stack(target, Minus(Unit("hidden", 3), Logit(4)))
    assert count(many) == 2
    scores = jax.jit(jax.vmap(lambda one: score(one, weights)))(many)
    np.testing.assert_allclose(scores[0], expected, atol=1e-6)


def test_many_units_are_one_call(weights, hidden):
    scores = jax.vmap(lambda one: score(one, weights))(Unit("hidden", jnp.arange(WIDTH)))
    np.testing.assert_array_equal(scores, hidden[range(3), LAST].T)


def test_a_target_of_the_same_shape_does_not_compile_again(weights, no_compilation):
    run = jax.jit(score)
    run(Unit("hidden", jnp.int32(1)), weights)
    index = jnp.int32(2)
    with no_compilation():
        run(Unit("hidden", index), weights)


def test_count_refuses_what_is_not_stacked():
    assert count(Along("hidden", jnp.ones((5, WIDTH)), jnp.zeros(5))) == 5
    empty = Unit("hidden", jnp.zeros(0, int))
    for target in (
        empty,
        Unit("hidden", 3),
        Along("hidden", jnp.ones((5, WIDTH))),
        Minus(Unit("a", jnp.arange(2)), Logit(1)),
    ):
        with pytest.raises(ValueError, match="stack"):
            count(target)


def test_padding_is_never_read(weights):
    value, none = jnp.arange(12.0).reshape(3, 4, 1), TEXT._replace(mask=jnp.zeros((3, 4), bool))
    np.testing.assert_array_equal(at_word(value, TEXT, 1)[:, 0], [1, 5, np.nan])
    np.testing.assert_array_equal(at_word(value, TEXT, -2)[:, 0], [2, 4, np.nan])
    assert np.isnan(at_word(value, TEXT, 9)).all() and np.isnan(at_word(value, none, -1)).all()
    assert np.isnan(score(Unit("hidden", 2, position=3), weights)[1:]).all()
    with pytest.raises(ValueError, match="position 2 is no word of text 1, which has 2 words"):
        check_position(2, TEXT, 4)
    with pytest.raises(ValueError, match="position -1 is no word of text 0, which has 0 words"):
        check_position(-1, none, 4)
    check_position(2, TEXT, 1)  # a sentence vector has one position only


def test_a_class_of_an_output_without_scores_is_an_error():
    with pytest.raises(TypeError, match="write a target that picks the field"):
        Logit(1)({"scores": jnp.ones((3, 4, 5))}, {}, TEXT)


def test_a_cell_has_a_position_of_its_own_in_each_text(weights):
    output = np.asarray(tiny.recurrent(weights, TEXT, {})[0])
    found = score(Cell(2, jnp.array([0, 1, 0])), weights)
    np.testing.assert_array_equal(found, output[range(3), [0, 1, 0], 2])


def test_an_output_with_logits_is_read_as_its_logits(weights):
    output, activations = tiny.recurrent(weights, TEXT, {})
    record = NamedTuple("Record", [("logits", Any), ("attention", Any)])(output, None)
    for target in (Logit(2), Logit(2, position=0), Cell(2, jnp.array([0, 1, 0]))):
        np.testing.assert_array_equal(target(record, activations, TEXT), target(output, activations, TEXT))
    np.testing.assert_array_equal(logits(record, activations), output)
    with pytest.raises(ValueError, match="no head"):
        logits(record._replace(logits=None), activations)


def test_the_highest_of_several_positions_and_the_lowest(weights):
    output, activations = tiny.recurrent(weights, TEXT, {})
    values = np.asarray(activations["hidden"])[..., 2]
    each = tuple(Unit("hidden", 2, place) for place in (-1, -2))
    expected = [max(row[last], row[last - 1]) if last else row[0] for row, last in zip(values, LAST, strict=True)]
    np.testing.assert_allclose(Highest(each)(output, activations, TEXT), expected)
    lowest = Highest(tuple(Times(one, -1.0) for one in each))(output, activations, TEXT)
    expected = [min(row[last], row[last - 1]) if last else row[0] for row, last in zip(values, LAST, strict=True)]
    np.testing.assert_allclose(-lowest, expected)
    assert np.all(np.isnan(Highest((Unit("hidden", 2, 9),))(output, activations, TEXT)))  # no such word
