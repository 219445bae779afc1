"""Main effects and interactions that together make up all that the score gained: the Shapley-Taylor index.

The difference of a set S at a coalition T is d_S(T) = sum over W within S of (-1)^(|S| - |W|) f(T + W). Of order k,

    I(S) = d_S(nobody)                                            if |S| < k
    I(S) = k / n * sum over T without S of d_S(T) / C(n - 1, |T|)   if |S| = k

and all of them sum to f(x) - f(baseline), like the terms of a Taylor series with its remainder.
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
    """Return the index of order 2: main effects on the diagonal, pairs beside it.

    Args:
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        budget: bytes for what is computed at a time.

    Returns:
        A symmetric matrix; diagonal and upper triangle sum to f(x) - f(baseline).

    Raises:
        ValueError: more than 16 players, or shapes that do not fit.

    Source:
        Dhamdhere, Agarwal, Sundararajan 2020, "The Shapley Taylor Interaction Index", arXiv 1902.05622.

    Example:
        >>> import jax.numpy as jnp
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).tolist()
        [[[0.0, 6.0], [6.0, 3.0]]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    return _indices.matrix(_subsets(game, min(2, game.count)))


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
    """Return the index of any order, for every set up to that size; other arguments as for `interact`."""
    return _subsets(games.game(f, x, baseline, groups=groups, mask=mask, budget=budget), order)


def _subsets(game: games.Game, order: int) -> Subsets:
    def weight(size: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
        return np.where(size < order, others == 0, order / count / comb(count - 1, others))

    return _indices.subsets(game, weight, order)
