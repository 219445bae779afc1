"""Who plays: a score, its input, the baseline of who is absent, and the player of each feature."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _numbers, batching
from jaxneuron.split import traceable

Score = Callable[[Array], Shaped[Array, "batch"]]
"""From `[batch *feature]` to one number per row; the rows do not see each other.

Whole numbers (a predicted class), truth values (is the answer right?) and half precision are counted in float32."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Game:
    """A score, its input, and who plays; made by `game`."""

    score: Any  # Score, as a pytree; its numbers are of single precision at least
    x: Any  # [batch *feature]
    baseline: Any  # [batch *feature]; x itself where a feature does not play
    player: Any  # [row *feature], the player of each feature, -1 where it does not play; one row serves all
    count: int = field(metadata={"static": True})  # how many players
    budget: int = field(metadata={"static": True})  # bytes for what is computed at a time


def game(
    f: Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Shaped[Any, "..."] | None = None,
    mask: Shaped[Any, "..."] | None = None,
    budget: int = batching.BUDGET,
) -> Game:
    """Return the game of a score and its features, checked.

    Args:
        f: the score.
        x: the input.
        baseline: what an absent feature takes: a number, or an array that broadcasts to `x`. Where the input's type
            does not hold it, such as 0.5 for whole numbers, the score gets real numbers.
        groups: the group of each feature, any whole numbers, `[*feature]` or with a row for each input; what broadcasts
            to that will do, so `np.arange(time)[:, None]` makes each word one player. Players are numbered by ascending
            group. None: each feature plays alone.
        mask: the leading axes of `x`, such as `[batch time]`; true where features play. Others keep their value.
        budget: bytes for what is computed at a time.

    Raises:
        TypeError: an input, baseline or score of another kind than real numbers.
        ValueError: shapes that do not fit, values that are no numbers, a score that is not one number per row, or one
            of whole numbers only where the baseline is none.
    """
    x = _numbers.array(x, "x")
    if x.ndim < 2 or not x.size:
        raise ValueError(f"expected inputs [batch *feature], at least one, got the shape {x.shape}")
    given, kind = _numbers.array(baseline, "baseline"), x.dtype
    if not _fits(given.shape, x.shape):
        raise ValueError(
            f"the baseline {given.shape} does not broadcast to the input {x.shape}; give a number, one value for each "
            "feature, or an array of the input's shape"
        )
    x, given = _numbers.together(x, given, "baseline")
    member, count = _players(x.shape, groups)
    if mask is not None:
        mask = jnp.asarray(mask)
        if mask.dtype != bool or mask.shape != x.shape[: mask.ndim]:
            raise ValueError(
                f"expected a mask over the leading axes of the input {x.shape}, true where features count, such as "
                f"the tokens' own; got {mask.dtype} {mask.shape}"
            )
    score = traceable(f)
    try:
        shape = _evaluate.eval_shape(score, x)
    except TypeError as error:
        if x.dtype == kind:
            raise
        raise ValueError(
            f"the baseline is no {kind}, as the input is, and the score takes no real numbers ({error}); give a "
            "baseline of the input's type"
        ) from error
    if getattr(shape, "shape", None) != x.shape[:1]:
        raise ValueError(
            f"expected a score that returns one number for each of the {x.shape[0]} rows, got {shape}; pick one number "
            "with a target, or sum"
        )
    if jnp.issubdtype(shape.dtype, jnp.complexfloating):
        raise TypeError(f"expected a score of real numbers, got {shape.dtype}; take its size or its real part")
    baseline, player = _prepare(x, given, member, mask)
    return Game(_Counted(score), x, baseline, player, count, budget)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Counted:
    score: Any

    def __call__(self, x: Array) -> Float[Array, "batch"]:
        """Return the score in single precision at least, so that its shares are none of a whole number."""
        return _numbers.floating(self.score(x))


@jax.jit
def _evaluate(score: Any, x: Array) -> Any:
    return score(x)


@jax.jit
def _prepare(
    x: Array, baseline: Array, player: Int[Array, "row *feature"], mask: Bool[Array, "..."] | None
) -> tuple[Array, Int[Array, "_row *feature"]]:
    if mask is not None:
        player = jnp.where(mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim)), player, -1)
    return jnp.where(player >= 0, jnp.broadcast_to(baseline, x.shape), x), player


def _players(shape: tuple[int, ...], groups: Any) -> tuple[Int[np.ndarray, "..."], int]:
    features = shape[1:]
    if groups is None:
        return np.arange(math.prod(features)).reshape(1, *features), math.prod(features)
    groups = np.asarray(groups)
    rows = groups.ndim == len(shape)
    if not np.issubdtype(groups.dtype, np.integer) or not _fits(groups.shape, shape if rows else features):
        raise ValueError(
            f"expected whole numbers that name the group of each feature, {features} or {shape}, got {groups.dtype} "
            f"{groups.shape}"
        )
    names, member = np.unique(groups, return_inverse=True)
    member = member.reshape(groups.shape)
    return np.broadcast_to(member, (member.shape[0] if rows else 1, *features)), len(names)


def _fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    return len(shape) <= len(target) and all(a in (1, b) for a, b in zip(shape[::-1], target[::-1], strict=False))


def spread(value: Shaped[Array, "batch player"], player: Int[Array, "row *feature"]) -> Shaped[Array, "rows *feature"]:
    """Copy the value of each player to its features; 0 where a feature does not play.

    Example:
        >>> spread(jnp.array([[5.0, 7.0]]), jnp.array([[0, 1, 1, -1]])).tolist()
        [[5.0, 7.0, 7.0, 0.0]]
    """
    rows = max(len(value), len(player))
    flat = jnp.broadcast_to(player.reshape(len(player), -1), (rows, player[0].size))
    value = jnp.broadcast_to(value, (rows, value.shape[1]))
    taken = jnp.take_along_axis(value, jnp.maximum(flat, 0), axis=1)
    return jnp.where(flat >= 0, taken, jnp.zeros((), value.dtype)).reshape(rows, *player.shape[1:])


def collect(value: Float[Array, "batch *feature"], game: Game) -> Float[Array, "batch player"]:
    """Sum the values of each player's features."""
    player = jnp.broadcast_to(game.player, value.shape).reshape(len(value), -1)
    segment = jnp.where(player >= 0, player, game.count)
    add = functools.partial(jax.ops.segment_sum, num_segments=game.count + 1)
    return jax.vmap(add)(value.reshape(segment.shape), segment)[:, : game.count]
