"""The table of all coalitions and what is read off it agree with loops over subsets."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron import games


def subsets(players):
    players = list(players)
    return [frozenset(s) for size in range(len(players) + 1) for s in itertools.combinations(players, size)]


def brute_force(value, members, weight):
    """Return an index from its definition; `value` maps frozensets to scores."""
    others = set(range(5)) - set(members)
    return sum(
        weight(len(t)) * sum((-1) ** (len(members) - len(w)) * value[t | w] for w in subsets(members))
        for t in subsets(others)
    )


def test_the_table_holds_every_coalition_under_its_number():
    game = games.game(lambda x: x @ jnp.array([1.0, 10.0, 100.0]), jnp.ones((2, 3)), jnp.array([[0.0], [2.0]]))
    found = np.asarray(jax.jit(games.table)(game))
    for number in range(8):
        present = np.array([number >> i & 1 for i in range(3)])
        np.testing.assert_allclose(found[number, 0], present @ [1, 10, 100])
        np.testing.assert_allclose(found[number, 1], (2 - present) @ [1, 10, 100])


@pytest.mark.parametrize("members", [(2,), (0, 3), (1, 2, 4)])
def test_an_index_is_its_definition(members):
    table = np.random.default_rng(0).normal(size=(32, 2)).astype(np.float32)
    value = {s: table[sum(1 << i for i in s), 1] for s in subsets(range(5))}
    weight = np.array([0.5, 0.1, 0.2, 0.05, 0.01, 0.0])
    found = jax.jit(games.index)(jnp.asarray(table), np.isin(np.arange(5), members)[None], weight[None])
    np.testing.assert_allclose(found[1, 0], brute_force(value, members, lambda t: weight[t]), atol=1e-5)


def test_the_moebius_transform_is_inverted_by_summing_over_subsets():
    table = np.random.default_rng(0).normal(size=(32, 2)).astype(np.float32)
    dividend = np.asarray(jax.jit(games.moebius)(table))
    sums = [sum(dividend[w] for w in range(32) if w & s == w) for s in range(32)]
    np.testing.assert_allclose(sums, table, atol=1e-5)


def test_nothing_cancels_in_single_precision():
    count = 12
    table = 1 + np.random.default_rng(0).normal(size=(2**count, 1)).astype(np.float32)
    chosen = np.zeros((1, count), bool)
    chosen[0, [3, 8]] = True
    weight = np.array([1 / ((count - 1) * math.comb(count - 2, t)) for t in range(count - 1)] + [0, 0])
    # in double precision, from the dividends: each is shared by its pairs
    exact = np.asarray(table, np.float64)[:, 0]
    for i in range(count):
        exact = exact.reshape(-1, 2, 2**i)
        exact = np.stack([exact[:, 0], exact[:, 1] - exact[:, 0]], axis=1).ravel()
    number = np.arange(2**count)
    size = np.array([bin(i).count("1") for i in number])
    both = (number >> 3 & 1 & number >> 8) == 1
    expected = np.sum(exact[both] / (size[both] - 1))
    np.testing.assert_allclose(jax.jit(games.index)(table, chosen, weight[None])[0, 0], expected, atol=2e-6)


def test_groups_are_numbered_in_order_and_may_differ_between_rows():
    x = jnp.arange(1.0, 7).reshape(2, 3)
    game = games.game(lambda x: jnp.sum(x, axis=1), x, groups=np.array([[7, 7, -2], [5, 7, 7]]))
    assert game.player.tolist() == [[2, 2, 0], [1, 2, 2]] and game.count == 3
    assert jax.jit(games.collect)(x, game).tolist() == [[3, 0, 3], [0, 4, 11]]
    assert games.spread(jnp.arange(6.0).reshape(2, 3), game.player).tolist() == [[2, 2, 0], [4, 5, 5]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": np.zeros(4)}, r"\(4,\) does not broadcast to the input \(2, 3\)"),
        ({"baseline": np.nan}, "numbers in `baseline` are NaN"),
        ({"groups": np.zeros(2, int)}, r"group of each feature.*int64 \(2,\)"),
        ({"groups": np.zeros(3)}, "whole numbers"),
        ({"mask": np.ones(3, bool)}, "leading axes"),
        ({"mask": np.ones(2)}, "leading axes"),
        ({"f": lambda x: x}, "one number for each of the 2 rows"),
        ({"x": np.zeros(3)}, r"\[batch \*feature\].*\(3,\)"),
        ({"x": np.full((2, 3), np.nan)}, "numbers in `x` are NaN or infinite"),
    ],
)
def test_bad_input_is_named(options, message):
    arguments = {"f": lambda x: jnp.sum(x, axis=1), "x": np.ones((2, 3))} | options
    with pytest.raises(ValueError, match=message):
        games.game(arguments.pop("f"), arguments.pop("x"), arguments.pop("baseline", 0.0), **arguments)


def test_more_players_than_a_table_holds_are_refused():
    with pytest.raises(ValueError, match="17 players have 2\\^17 coalitions"):
        games.check_exact(games.game(lambda x: jnp.sum(x, axis=1), np.ones((1, 17))))


@pytest.mark.parametrize("kind", [bool, np.int32, np.uint8, jnp.float16, jnp.bfloat16])
def test_shares_of_whole_numbers_are_fractions(kind):
    def right(x):
        return (x[:, 0] * x[:, 1] > 5).astype(kind)

    game = games.game(right, jnp.array([[3, 2, 7]]))
    table = jax.jit(games.table)(game)
    assert table.dtype == jnp.float32
    found = games.index(table, np.eye(3, dtype=bool), np.tile(1 / np.array([3, 6, 3]), (3, 1)))
    np.testing.assert_allclose(found, [[0.5, 0.5, 0]], atol=1e-6)


@pytest.mark.parametrize("x", [np.array([[3, 1]]), np.array([[3, 1]], np.uint8), np.array([[True, True]])])
def test_a_baseline_is_never_cut(x):
    game = games.game(lambda x: x.sum(1), x, 0.5)
    np.testing.assert_array_equal(game.baseline, [[0.5, 0.5]])
    np.testing.assert_array_equal(jax.jit(games.table)(game)[:, 0], [1, x[0, 0] + 0.5, 1.5, x.sum()])
    below = games.game(lambda x: x.sum(1), x, -1)
    np.testing.assert_array_equal(below.baseline, [[-1, -1]])
    kept = games.game(lambda x: x.sum(1), x, 0.0)
    assert kept.x.dtype == kept.baseline.dtype == jnp.asarray(x).dtype


def test_a_score_of_words_alone_says_what_its_baseline_must_be():
    rows = jnp.arange(10.0)
    with pytest.raises(ValueError, match="the baseline is no int32, as the input is"):
        games.game(lambda ids: rows[ids].sum(1), jnp.array([[3, 1]]), 0.5)
    with pytest.raises(ValueError, match="more than float16 holds"):
        games.game(lambda x: x.sum(1), jnp.ones((1, 2), jnp.float16), 1e5)
    with pytest.raises(TypeError, match="score of real numbers"):
        games.game(lambda x: x.sum(1) * 1j, jnp.ones((1, 2)))
