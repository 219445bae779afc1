"""Contextual decomposition as rules for the operations of a forward; see `contextual_decomposition`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from jaxneuron import games
from jaxneuron.games import sweep
from jaxneuron.jaxpr import Rules, interpret


class Parts(NamedTuple):
    """A value as a sum of three parts."""

    relevant: Array  # what the chosen words bring in
    irrelevant: Array  # what the other words bring in, and what only both together do
    bias: Array  # what is there without any


def split(game: games.Game, inside: Bool[Array, "batch *feature"], shared: Float[Array, ""]) -> Parts:
    """Return the parts of the score, where the features `inside` are the relevant ones."""
    moved = game.x - game.baseline
    parts = Parts(jnp.where(inside, moved, 0), jnp.where(inside, 0, moved), game.baseline)
    return interpret(_rules(shared), game.score, parts)


def scores(
    game: games.Game, present: Bool[Array, "set #batch player"], shared: Float[Array, ""]
) -> Float[Array, "set batch"]:
    """Return the relevant part of the score for each set of players."""

    def one(present: Bool[Array, "#batch player"]) -> Float[Array, "batch"]:
        inside = jnp.broadcast_to(games.spread(present, game.player), game.x.shape)
        found = split(game, inside, shared).relevant
        return jnp.where(jnp.any(inside, axis=tuple(range(1, inside.ndim))), found, 0)  # exactly, for padding too

    return sweep(one, present, budget=game.budget)


def _rules(shared: Array) -> Rules:
    def constant(value: Array) -> Parts:
        return Parts(jnp.zeros_like(value), jnp.zeros_like(value), value)

    def linear(function: Callable[..., Array], *parts: Parts) -> Parts:
        relevant, irrelevant, bias = zip(*parts, strict=True)
        whole, moved = jax.jvp(function, bias, relevant)
        return Parts(moved, jax.jvp(function, bias, irrelevant)[1], whole)

    def averaged(function: Callable[..., Array], *parts: Any) -> Parts:
        """Add relevant and irrelevant to the bias in both orders; a part is the mean of what it changes."""
        parts = tuple(part for part in parts if isinstance(part, Parts))
        bias, both = function(*(part.bias for part in parts)), function(*(_whole(part) for part in parts))
        first = function(*(part.bias + part.relevant for part in parts))
        other = function(*(part.bias + part.irrelevant for part in parts))
        return Parts((first - bias + both - other) / 2, (other - bias + both - first) / 2, bias)

    def entrywise(function: Callable[[Array], Array], part: Parts, name: str) -> Parts | Array:
        if name == "rsqrt":  # the scale of a layer norm is a constant: of a part alone it may be a division by 0
            return function(_whole(part))
        return linear(function, part) if name == "stop_gradient" else averaged(function, part)

    def product(function: Callable[[Array, Array], Array], a: Parts, b: Parts, gates: Any) -> Parts:
        both = function(a.relevant, b.irrelevant) + function(a.irrelevant, b.relevant)
        relevant = function(a.relevant, b.relevant + b.bias) + function(a.bias, b.relevant)
        irrelevant = function(a.irrelevant, b.irrelevant + b.bias) + function(a.bias, b.irrelevant)
        return Parts(relevant + shared * both, irrelevant + (1 - shared) * both, function(a.bias, b.bias))

    def quotient(numerator: Parts, denominator: Parts) -> Parts:
        return Parts(*(part / _whole(denominator) for part in numerator))

    return Rules(Parts, constant, linear, entrywise, product, quotient, averaged, averaged)


def _whole(part: Parts) -> Array:
    return part.relevant + part.irrelevant + part.bias


def pairs(score: Callable[[Array], Array], count: int) -> Float[Array, "batch player player"]:
    """Return what each pair of players scores beyond the two alone, and what each scores alone on the diagonal."""
    one = jnp.eye(count, dtype=bool)
    rows, columns = jnp.triu_indices(count, 1)
    found = score(jnp.concatenate([one, one[rows] | one[columns]])[:, None]).T
    alone, together = found[:, :count], found[:, count:]
    beyond = together - alone[:, rows] - alone[:, columns]
    matrix = jnp.zeros((len(found), count, count), found.dtype).at[:, rows, columns].set(beyond)
    return matrix + jnp.swapaxes(matrix, 1, 2) + alone[:, :, None] * jnp.eye(count, dtype=found.dtype)[None]
