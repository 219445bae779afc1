"""What a pair adds to its parts, averaged over all coalitions alike: the Banzhaf interaction index.

    I(S) = 2^-(n - |S|) * sum over T without S of d_S(T),   d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W)

Every coalition counts the same, so most of the weight is on those of half the players; of a single player it is the
Banzhaf value. It is the coefficient of the best multilinear approximation of the score (Hammer and Holzman 1992).
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching, games
from jaxneuron.interact import Subsets, _indices


def interact(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch player player"]:
    """Return the Banzhaf interaction index of each pair, with the Banzhaf values on the diagonal.

    Args:
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: more than 16 players, or shapes that do not fit.

    Source:
        Grabisch, Roubens 1999, "An axiomatic approach to the concept of interaction among players".

    Example:
        >>> import jax.numpy as jnp
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
        [[[3.0, 6.0], [6.0, 6.0]]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    return _indices.matrix(_indices.subsets(game, _weight, min(2, game.count)))


def subsets(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    order: int = 2,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    budget: int = batching.BUDGET,
) -> Subsets:
    """Return the index of every set of 1 to `order` players; other arguments as for `interact`."""
    return _indices.subsets(games.game(f, x, baseline, groups=groups, mask=mask, budget=budget), _weight, order)


def _weight(size: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    return np.broadcast_to(0.5 ** (count - size), np.broadcast_shapes(size.shape, others.shape))
