"""Indices of interaction from the table of all coalitions: of every set up to an order, or of all pairs as a matrix."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import batching, games
from jaxneuron.interact import Subsets

Weight = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]
"""From sizes `|S|[set 1]` and `|T|[1 size]` of what is present beside it, n and the order, to weights `[set size]`."""


class Index(NamedTuple):
    """An index of interaction, as the functions that a module exposes."""

    interact: Callable[..., Float[Array, "batch player player"]]
    subsets: Callable[..., Subsets]


def index(name: str, weight: Weight) -> Index:
    """Return the index with a weight for what a set adds to each coalition without it.

    Args:
        name: what stands in the matrix.
        weight: of coalitions.
    """

    def interact(
        f: games.Score,
        x: Shaped[Any, "batch *feature"],
        baseline: Any = 0.0,
        *,
        groups: Int[Any, "..."] | None = None,
        mask: Bool[Any, "batch *_"] | None = None,
        budget: int = batching.BUDGET,
    ) -> Float[Array, "batch player player"]:
        game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
        return matrix(_subsets(game, weight, min(2, game.count)))

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
        return _subsets(games.game(f, x, baseline, groups=groups, mask=mask, budget=budget), weight, order)

    interact.__doc__ = f"Return {name}.\n{_ARGUMENTS}"
    return Index(interact, subsets)


_ARGUMENTS = """
        Args:
            f: the score.
            x: the input.
            baseline: what absent features take: a number, or an array that broadcasts to `x`.
            groups: the group of each feature, see `games.game`. None: each feature alone.
            mask: true where features count, such as the tokens' own; the others keep their value.
            budget: bytes for what is computed at a time.

        Returns:
            A symmetric matrix.

        Raises:
            ValueError: more than 16 players, or shapes that do not fit.
        """


def _subsets(game: games.Game, weight: Weight, order: int) -> Subsets:
    """Return the index of every set of 1 to `order` players.

    Raises:
        ValueError: too many players, or an order that there is not.
    """
    games.check_exact(game)
    if not 1 <= order <= game.count:
        raise ValueError(f"expected an order between 1 and the number of players, {game.count}, got {order}")
    chosen = members(game.count, order)
    size = chosen.sum(axis=1)[:, None]
    others = np.arange(game.count + 1)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(others <= game.count - size, weight(size, others, game.count, order), 0)
    return Subsets(chosen, _index(game, chosen, share))


def matrix(found: Subsets) -> Float[Array, "batch player player"]:
    """Return singles on the diagonal and pairs beside it; larger sets are left out."""
    size, count = found.members.sum(axis=1), found.members.shape[1]
    single, pair = (np.nonzero(size == wanted)[0] for wanted in (1, 2))
    first, last = found.members.argmax(axis=1), count - 1 - found.members[:, ::-1].argmax(axis=1)
    place = np.zeros((count, count), int)  # the set that each entry reads
    place[first[single], first[single]] = single
    place[first[pair], last[pair]] = place[last[pair], first[pair]] = pair
    return found.value[:, place]


def members(count: int, order: int) -> Bool[np.ndarray, "set player"]:
    """Return all sets of 1 to `order` players, smaller ones first.

    Example:
        >>> members(3, 2).astype(int).tolist()
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]]
    """
    every = (np.arange(2**count)[:, None] >> np.arange(count)) % 2 == 1
    size = every.sum(axis=1)
    rank = np.argsort(size, kind="stable")
    return every[rank[(size[rank] >= 1) & (size[rank] <= order)]]


@jax.jit
def _index(game: games.Game, chosen: Any, share: Any) -> Float[Array, "batch set"]:
    return games.index(games.table(game), jnp.asarray(chosen), jnp.asarray(share))
