"""The features or groups that an attribution ranks, and the order that it puts them in."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _numbers, games


def ranked_game(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    attribution: Float[Any, "batch *_feature"],
    baseline: Any,
    groups: Any,
    mask: Any,
    budget: int,
) -> tuple[games.Game, Float[Array, "batch player"], Bool[Array, "batch player"]]:
    """Return the game of a score, each player's attribution, and which players a row has.

    Raises:
        ValueError: an attribution of neither the input's shape nor one number per player, or that is not finite.
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    value = _numbers.floating(_numbers.array(attribution, "attribution"))
    if value.shape != game.x.shape and value.shape != (len(game.x), game.count):
        raise ValueError(
            f"expected an attribution of the input's shape {game.x.shape}, or a number for each of its {game.count} "
            f"players ({len(game.x)}, {game.count}); got {value.shape}. `groups` make players of features"
        )
    plays = games.collect(jnp.ones(game.x.shape, jnp.float32), game) > 0
    return game, games.collect(value, game) if value.shape == game.x.shape else value, plays


def several(f: games.Score, x: Any, baseline: Any, groups: Any, mask: Any, budget: int) -> games.Game:
    """Return one game whose `baseline` has an axis of draws in front.

    `baseline` is one, or draws `[draw batch *feature]`.
    """
    drawn = baseline if jnp.ndim(baseline) > jnp.ndim(x) else jnp.asarray(baseline)[None]
    x, drawn = _numbers.together(_numbers.array(x, "x"), drawn, "baseline")  # of one type for all draws
    each = [games.game(f, x, one, groups=groups, mask=mask, budget=budget) for one in drawn]
    return dataclasses.replace(each[0], baseline=jnp.stack([one.baseline for one in each]))


def places(value: Float[Array, "*draw batch player"], plays: Bool[Array, "batch player"]) -> Int[Array, "..."]:
    """Return the place of each player by its value, 0 for the highest; those that a row lacks come last."""
    order = jnp.argsort(jnp.where(jnp.broadcast_to(plays, value.shape), -value, jnp.inf), axis=-1, stable=True)
    return jnp.argsort(order, axis=-1, stable=True)


def played(game: games.Game, present: Bool[Array, "coalition batch player"]) -> Float[Array, "coalition batch"]:
    """Return the score of each coalition, the mean over draws of the baseline (`several`)."""
    each = jax.lax.map(lambda one: games.play(dataclasses.replace(game, baseline=one), present), game.baseline)
    return jnp.mean(each, axis=0)
