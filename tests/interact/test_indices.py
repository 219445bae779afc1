"""Indices of games whose answers are known, and their axioms on one whose are not."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxneuron.attribute import shapley
from jaxneuron.interact import banzhaf, harsanyi, shapley_interaction, shapley_taylor


def look_up(table, x):
    """Return the score of players who are there (1) or not (0)."""
    return table[(x @ jnp.asarray(2.0 ** np.arange(x.shape[1]), x.dtype)).astype(int)]


def game(count, f):
    """Return a game as its table, so that games of one size compile once."""
    every = (np.arange(2**count)[:, None] >> np.arange(count)) % 2
    return jax.tree_util.Partial(look_up, jnp.asarray(f(every), jnp.float32)), np.ones((1, count), np.float32)


GAMES = {
    # what, value of singles and pairs by shapley_taylor, shapley_interaction, banzhaf
    "unanimity of 4": (game(4, lambda x: x.prod(axis=1)), (0, 1 / 6), (1 / 4, 1 / 3), (1 / 8, 1 / 4)),
    "product of 3": (game(3, lambda x: x.prod(axis=1)), (0, 1 / 3), (1 / 3, 1 / 2), (1 / 4, 1 / 2)),
    "majority of 5": (game(5, lambda x: x.sum(axis=1) > 2), (0, 0.1), (0.2, 0), (6 / 16, 0)),
    "or of 3": (game(3, lambda x: x.max(axis=1)), (1, -2 / 3), (1 / 3, -1 / 2), (1 / 4, -1 / 2)),
}


@pytest.mark.parametrize("name", GAMES)
def test_symmetric_games_have_their_known_values(name):
    (f, x), *expected = GAMES[name]
    for method, (single, pair) in zip((shapley_taylor, shapley_interaction, banzhaf), expected, strict=True):
        found = method.interact(f, x)[0]
        np.testing.assert_allclose(found, pair + (single - pair) * np.eye(x.shape[1]), atol=1e-6)


def test_a_majority_of_eleven_needs_no_more_than_a_second():
    f, x = game(11, lambda x: x.sum(axis=1) > 5)
    found = shapley_taylor.interact(f, x)[0]
    np.testing.assert_allclose(found, (1 - np.eye(11)) / 55, atol=1e-6)


def test_a_sum_of_products_has_its_known_values():
    f, x = game(4, lambda x: x[:, 0] + 2 * x[:, 1] * x[:, 2] - 3 * x[:, 0] * x[:, 1] * x[:, 3])
    third = np.array([[1, -1, 0, -1], [-1, 0, 2, -1], [0, 2, 0, 0], [-1, -1, 0, 0]])
    np.testing.assert_allclose(shapley_taylor.interact(f, x)[0], third, atol=1e-6)
    half = np.where(third == -1, -1.5, third) - np.diag(np.diag(third))
    for method, singles in ((shapley_interaction, [0, 0, 1, -1]), (banzhaf, [0.25, 0.25, 1, -0.75])):
        np.testing.assert_allclose(method.interact(f, x)[0], half + np.diag(singles), atol=1e-6)
    found = harsanyi.interact(f, x)
    paid = {
        tuple(np.nonzero(found.members[i])[0]): found.value[0, i] for i in np.nonzero(np.abs(found.value[0]) > 1e-6)[0]
    }
    assert paid == {(0,): 1, (1, 2): 2, (0, 1, 3): -3}


def test_indices_of_any_order_share_the_dividends_out():
    weights = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    f = lambda x: ((x @ weights) ** 3).sum(axis=1) / 10 + (x @ weights[:, 0]) ** 4  # noqa: E731
    x, baseline = np.array([[1, -1, 0.5, 2, 0.3], [0.1, 1, 1, -1, 0.4]], np.float32), np.full(5, 0.1, np.float32)
    every = harsanyi.interact(f, x, baseline)
    every = every._replace(value=np.asarray(every.value))
    gained = f(x) - f(np.broadcast_to(baseline, x.shape))
    np.testing.assert_allclose(every.value.sum(axis=1), gained, rtol=1e-4)

    def shared(members, share):  # of the dividends of all sets that hold it
        over = (every.members | members == every.members).all(axis=1)
        return sum(share(every.members[i].sum()) * every.value[:, i] for i in np.nonzero(over)[0])

    for method, share in (
        (shapley_taylor, lambda s, t: 1 / math.comb(t, 3) if s == 3 else float(s == t)),
        (shapley_interaction, lambda s, t: 1 / (t - s + 1)),
        (banzhaf, lambda s, t: 2.0 ** (s - t)),
    ):
        found = method.subsets(f, x, baseline, order=3)
        assert len(found.members) == 5 + 10 + 10
        value = np.asarray(found.value)
        for i, members in enumerate(found.members):
            expected = shared(members, functools.partial(share, members.sum()))
            np.testing.assert_allclose(value[:, i], expected, atol=2e-4 * np.abs(gained).max())
        if method is shapley_taylor:
            np.testing.assert_allclose(value.sum(axis=1), gained, rtol=1e-4)
        if method is shapley_interaction:
            singles = shapley.attribute(None, f, x, baseline)
            np.testing.assert_allclose(value[:, :5], singles, rtol=1e-4, atol=1e-4)


def test_groups_are_players_and_padding_is_none():
    x, mask = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32), np.array([[True, True, True, False]])
    f = lambda x: x.sum(axis=(1, 2)) ** 2  # noqa: E731
    for method in (shapley_taylor, shapley_interaction, banzhaf):
        found = method.interact(f, x, groups=np.arange(4)[:, None], mask=mask)
        assert found.shape == (1, 4, 4)
        np.testing.assert_allclose(found[0, 3], 0, atol=1e-5)
        word = x[0].sum(axis=1)
        for i, j in itertools.combinations(range(3), 2):
            np.testing.assert_allclose(found[0, i, j], 2 * word[i] * word[j], rtol=1e-3, atol=1e-4)


def test_too_many_players_or_orders_are_named():
    f = lambda x: jnp.sum(x, axis=1)  # noqa: E731
    for method in (shapley_taylor, shapley_interaction, banzhaf, harsanyi):
        with pytest.raises(ValueError, match="17 players"):
            method.interact(f, np.ones((1, 17)))
    with pytest.raises(ValueError, match="order between 1 and the number of players, 3, got 4"):
        banzhaf.subsets(f, np.ones((1, 3)), order=4)


def test_one_player_has_no_partner():
    assert shapley_taylor.interact(lambda x: x[:, 0], np.ones((1, 1))).tolist() == [[[1]]]
