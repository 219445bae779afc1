"""What coalitions score, all of them in one table, and the sums over it."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron.games._game import Game, spread
from jaxneuron.games._sweep import sweep

EXACT = 16
"""The most players whose coalitions are all tried."""


def play(game: Game, present: Bool[Array, "coalition #batch player"]) -> Float[Array, "coalition batch"]:
    """Return the score of each coalition; `present` may differ between the rows of the input."""

    def one(present: Bool[Array, "#batch player"]) -> Float[Array, "batch"]:
        here = spread(present, game.player)
        return game.score(jnp.where(here, game.x, game.baseline))

    return sweep(one, present, budget=game.budget)


def check_exact(game: Game) -> Game:
    """Return the game, or raise a ValueError if it has more players than the table of all coalitions can hold."""
    if game.count > EXACT:
        raise ValueError(
            f"{game.count} players have 2^{game.count} coalitions; at most {EXACT} are tried exhaustively. Make larger "
            "`groups` (words, phrases, layers), or use a method that samples: shapley with `samples`, kernel_shap, "
            "arch_detect for pairs"
        )
    return game


def coalitions(count: int) -> Bool[Array, "coalition player"]:
    """Return all coalitions, numbered by the binary number that their members make.

    Example:
        >>> coalitions(2).astype(int).tolist()
        [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (jnp.arange(2**count)[:, None] >> jnp.arange(count)[None]) % 2 == 1


def table(game: Game) -> Float[Array, "coalition batch"]:
    """Return the score of every coalition."""
    return play(game, coalitions(game.count)[:, None])


def index(
    table: Float[Array, "coalition batch"], members: Bool[Any, "set player"], weight: Float[Any, "set size"]
) -> Float[Array, "batch set"]:
    """Return an index of interaction of each set: its differences, weighted by how many others are present.

    Args:
        table: the score of every coalition.
        members: the sets S.
        weight: of the difference at a coalition T of 0, 1, ... players outside S.

    Returns:
        The sum over T of weight(|T|) times the difference of S at T.
    """
    bits = coalitions(members.shape[-1])

    def one(members: Bool[Array, "player"], weight: Float[Array, "size"]) -> Float[Array, "batch"]:
        inside = jnp.sum(bits & members[None], axis=1)
        outside = jnp.sum(bits & ~members[None], axis=1)
        sign = 1 - 2 * ((jnp.sum(members) - inside) % 2)
        return jnp.matmul((sign * weight[outside]).astype(table.dtype), table, precision="highest")

    return sweep(one, jnp.asarray(members), jnp.asarray(weight, table.dtype), budget=2**24).T


def moebius(table: Float[Array, "coalition batch"]) -> Float[Array, "coalition batch"]:
    """Return what each coalition scores beyond all its parts, sum over W within S of (-1)^(|S| - |W|) v(W).

    One subtraction along each player's axis (a butterfly), so n 2^n additions.

    Example:
        >>> moebius(jnp.array([[0.0], [1.0], [1.0], [5.0]]))[:, 0].tolist()
        [0.0, 1.0, 1.0, 3.0]
    """
    number = jnp.arange(len(table))

    def along(player: Array, table: Array) -> Array:
        has = ((number >> player) % 2 == 1)[:, None]
        return table - jnp.where(has, table[number ^ (1 << player)], 0)

    return jax.lax.fori_loop(0, (len(table) - 1).bit_length(), along, table)
