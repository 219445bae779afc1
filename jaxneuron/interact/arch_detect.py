"""Which pairs of features interact, in the input or in the baseline? ArchDetect, of Archipelago.

    w_ij(c) = (f(c) - f(c, i) - f(c, j) + f(c, ij)) / (|d_i| |d_j|),   strength_ij = (w_ij(x)^2 + w_ij(x')^2) / 2

where f(c, i) has i switched to the other side in the context c, the input x or the baseline x'. Two contexts catch
interactions that show in one only. Four scores a pair in all, so any number of players.

Cost:
    `n^2 + n + 2` evaluations of `f` for n players.

Fails:
    Looks from two contexts only, the input and the baseline: an interaction that shows in neither is not seen. Squares:
    the sign is lost. Small differences of large scores are rounding.

Peers:
    The authors' `archipelago`, whose tolerance is of the smallest score, which may be 0.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching, games
from jaxneuron.interact import _archipelago


def interact(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    tolerance: float = 1e-5,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch player player"]:
    """Return the strength of each pair, 0 on the diagonal.

    Args:
        f: the score.
        x: the input.
        baseline: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`; groups are there or not, so their |d| is 1. None: each
            feature alone, and a pair of which one is at its baseline has no strength.
        mask: true where features count, such as the tokens' own; the others keep their value.
        tolerance: differences below this share of the largest of their scores count as rounding. The authors take the
            smallest, which may be 0.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: shapes that do not fit, or strengths that no float holds.

    Source:
        Tsang, Rambhatla, Liu 2020, "How does this interaction affect me?", arXiv 2006.10965.

    Example:
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 2], jnp.array([[1.0, 2.0, 3.0]]))[0].tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    share, most = _archipelago.distance(game, groups is not None)
    found = _strength(game, share, tolerance)
    square = (most**2)[:, None, None]
    strength = found / square / square
    if not isinstance(strength, Tracer) and not bool(jnp.all(jnp.isfinite(strength) & ((strength > 0) == (found > 0)))):
        raise ValueError(
            f"strengths are per unit of the input to the fourth power, which {strength.dtype} does not hold for inputs "
            f"up to {float(jnp.max(most)):g} from their baseline; divide the input by its scale, or give `groups`"
        )
    return strength


@jax.jit
def _strength(game: games.Game, share: Float[Array, "batch player"], tolerance: Any) -> Array:
    return _archipelago.strength(game, share, tolerance)
