"""What a pair adds to its parts, averaged over all orders in which players, the pair as one, could arrive.

    I(S) = sum over T without S of |T|! (n - |T| - |S|)! / (n - |S| + 1)! * d_S(T),
    d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W)

Of a single player this is the Shapley value. The indices do not sum to what the score gained; those of
`shapley_taylor` do.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped
from scipy.special import comb

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
    """Return the Shapley interaction index of each pair, with the Shapley values on the diagonal.

    Args:
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        budget: bytes for what is computed at a time.

    Returns:
        A symmetric matrix; its diagonal alone sums to f(x) - f(baseline).

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
    return 1 / ((count - size + 1) * comb(count - size, others))
