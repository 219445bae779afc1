"""Which sets of features make the score together, and what does each add? ArchAttribute, of Archipelago.

The strongest pairs of `arch_detect` are merged where they overlap; each set I, and each feature on its own, then gets

    a(I) = f(x on I, x' elsewhere) - f(x')

Cost:
    The `n^2 + n + 2` evaluations of `arch_detect`, and one for each set.

Fails:
    `top` pairs are joined whether or not they matter much; chains of pairs merge into one large set. Sets do not
    overlap, though interactions may.

Peers:
    The authors' `archipelago`; the same sets, with the strength's zero tested at the rounding of the scores.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching, games
from jaxneuron.interact import _archipelago


class Sets(NamedTuple):
    """Players joined into sets that do not overlap, and what each set adds."""

    sets: Int[Array, "batch player"]  # the smallest member of each player's set; its own number if it is alone
    attribution: Float[Array, "batch player"]  # that of its set, the same for each member


def interact(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    top: int = 5,
    sets: Int[Any, "batch player"] | None = None,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    tolerance: float = 1e-5,
    budget: int = batching.BUDGET,
) -> Sets:
    """Return the sets that the strongest pairs make, and what each adds to the baseline's score.

    Args:
        f: the score.
        x: the input.
        baseline: a number, or an array that broadcasts to `x`.
        top: how many pairs are joined, the strongest of each row, as far as they have any strength.
        sets: the set of each player, instead of those that are found, as whole numbers from 0 to the last player's.
        groups: the group of each feature, see `games.game`; these are the players. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        tolerance: as for `arch_detect`.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: shapes that do not fit.

    Source:
        Tsang, Rambhatla, Liu 2020, "How does this interaction affect me?", arXiv 2006.10965.

    Example:
        >>> interact(lambda x: x[:, 0] * x[:, 1] + x[:, 2], jnp.array([[1.0, 2.0, 3.0]])).attribution.tolist()
        [[2.0, 2.0, 3.0]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    if top < 0:
        raise ValueError(f"expected a number of pairs to join, got top={top}")
    if sets is None:
        sets = _sets(game, _archipelago.distance(game, groups is not None)[0], tolerance, top=top)
    sets = jnp.asarray(sets)
    if sets.shape != (len(game.x), game.count) or not jnp.issubdtype(sets.dtype, jnp.integer):
        raise ValueError(f"expected the set of each player, {(len(game.x), game.count)}, got {sets.dtype} {sets.shape}")
    if not isinstance(sets, Tracer) and bool(jnp.any((sets < 0) | (sets >= game.count))):
        raise ValueError(
            f"expected sets numbered from 0 to {game.count - 1}, got {int(sets.min())} to {int(sets.max())}"
        )
    return _interact(game, sets)


@partial(jax.jit, static_argnames="top")
def _sets(
    game: games.Game, scale: Float[Array, "batch player"], tolerance: Any, *, top: int
) -> Int[Array, "batch player"]:
    return jax.vmap(partial(_archipelago.merge, top=top))(_archipelago.strength(game, scale, tolerance))


@jax.jit
def _interact(game: games.Game, sets: Int[Array, "batch player"]) -> Sets:
    name = jnp.arange(game.count + 1)[:, None, None]  # the last is nobody's
    score = games.play(game, sets[None] == name)
    added = (score[:-1] - score[-1:]).T
    return Sets(sets, jnp.take_along_axis(added, sets, axis=1))
