"""Strengths of pairs, seen from the input and from the baseline, and the sets that the strongest pairs make."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _numbers, games


def strength(
    game: games.Game, scale: Float[Array, "batch player"], tolerance: float | Array
) -> Float[Array, "batch player player"]:
    """Return how strongly each pair interacts; 0 on the diagonal.

    Args:
        game: the score and its players.
        scale: how far each player is from its baseline, |d|, as a share of some distance: for a row's strengths
            themselves, divide by the fourth power of that.
        tolerance: differences below this share of the scores that they are made of count as rounding.
    """
    count = game.count
    first, second = np.triu_indices(count, 1)
    single = jnp.eye(count, dtype=bool)
    changed = jnp.concatenate([jnp.zeros((1, count), bool), single, single[first] | single[second]])
    # seen from the baseline these are the ones present, seen from the input the ones absent
    score = games.play(game, jnp.concatenate([changed, ~changed])[:, None]).reshape(2, len(changed), -1)
    none, one, both = score[:, :1], score[:, 1 : count + 1], score[:, count + 1 :]
    difference = none - one[:, first] - one[:, second] + both
    size = jnp.abs(jnp.stack(jnp.broadcast_arrays(none, one[:, first], one[:, second], both)))
    difference = jnp.where(jnp.abs(difference) > tolerance * jnp.max(size, axis=0), difference, 0)
    distance = (scale[:, first] * scale[:, second]).T[None]
    slope = jnp.where(distance > 0, difference / jnp.where(distance > 0, distance, 1), 0)
    found = jnp.mean(slope**2, axis=0).T  # 1/2 in either context
    matrix = jnp.zeros((len(found), count, count), found.dtype).at[:, first, second].set(found)
    return matrix + jnp.swapaxes(matrix, 1, 2)


def distance(game: games.Game, grouped: bool) -> tuple[Float[Array, "batch player"], Float[Array, "batch"]]:
    """Return how far each player is from its baseline, as a share of the power of two above the farthest, and that.

    Groups are there or not, so they are all at 1.
    """
    if grouped:
        return jnp.ones((len(game.x), game.count)), jnp.ones(len(game.x))
    away = games.collect(jnp.abs(_numbers.floating(game.x) - _numbers.floating(game.baseline)), game)
    most = jnp.ldexp(jnp.ones(len(away), away.dtype), jnp.frexp(jnp.max(away, axis=1))[1])  # by which no digit changes
    return away / most[:, None], most


def merge(strength: Float[Array, "player player"], top: int) -> Int[Array, "player"]:
    """Return the set of each player, named by its smallest member, when the strongest pairs are joined.

    Pairs that share a player end up in one set. Pairs of no strength join nothing.

    Example:
        >>> merge(jnp.array([[0, 5.0, 0, 0], [5, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]), 2).tolist()
        [0, 0, 2, 0]
    """
    count = len(strength)
    first, second = map(jnp.asarray, np.triu_indices(count, 1))
    pairs = strength[first, second]
    strongest = jnp.argsort(-pairs, stable=True)[:top]
    joined = jnp.zeros((count, count), bool).at[first[strongest], second[strongest]].set(pairs[strongest] > 0)
    reach = joined | joined.T | jnp.eye(count, dtype=bool)

    def twice_as_far(_: Array, reach: Bool[Array, "player player"]) -> Bool[Array, "player player"]:
        return jnp.matmul(reach.astype(jnp.float32), reach.astype(jnp.float32)) > 0

    reach = jax.lax.fori_loop(0, max(count - 1, 1).bit_length(), twice_as_far, reach)
    return jnp.argmax(reach, axis=1)
