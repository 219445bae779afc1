"""What does each set of features add to all of its parts? The Möbius transform of the score, Harsanyi's dividends.

    m(S) = sum over W within S of (-1)^(|S| - |W|) f(W),   f(T) = f(nobody) + sum over S within T of m(S)

A dividend is paid only when all of S are present, an AND of its members; so they name the combinations that a model
reacts to. The other indices share dividends out: Shapley's value gives each member an equal part.

Cost:
    `2^n` evaluations of `f`, for up to 16 players.

Fails:
    More than 16 players are an error: group them. Dividends of large sets are differences of `2^s` scores, in which
    rounding adds up.

Peers:
    shapiq has the transform, too; ours is tested against its definition, by brute force.
"""

from typing import Any

import jax
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
) -> Subsets:
    """Return the dividend of every set of players but the empty one.

    Args:
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        budget: bytes for what is computed at a time.

    Returns:
        All sets, smaller ones first; their dividends sum to f(x) - f(baseline). That of a set of s players is made of
        2^s scores, so in float32 that of a large set is not known to more than 2^(s/2) of a score's own error.

    Raises:
        ValueError: more than 16 players, or shapes that do not fit.

    Source:
        Harsanyi 1963; Ren et al. 2023, "Defining and Quantifying the Emergence of Sparse Concepts in DNNs".

    Example:
        >>> import jax.numpy as jnp
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 1], jnp.array([[2.0, 3.0]])).value.tolist()
        [[0.0, 3.0, 6.0]]
    """
    game = games.check_exact(games.game(f, x, baseline, groups=groups, mask=mask, budget=budget))
    members = _indices.members(game.count, game.count)
    number = members @ (1 << np.arange(game.count))  # where the table has them
    return Subsets(members, _dividends(game)[number].T)


@jax.jit
def _dividends(game: games.Game) -> Float[Array, "coalition batch"]:
    return games.moebius(games.table(game))
