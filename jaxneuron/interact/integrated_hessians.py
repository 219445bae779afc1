"""How much of one feature's integrated gradient is owed to another feature?

The integrated gradients of integrated gradients. With d = x - x', H the second derivatives and g the gradient of f,

    G_ij = d_i d_j  int int ab H_ij(x' + ab d) da db      and on the diagonal also   d_i  int int g_i(x' + ab d) da db

Both integrands depend on u = ab alone, so each double integral is one over u with the weight -ln u: n nodes of its
Gauss rule reach what the authors' grid needs n^2 for. Rows sum to integrated gradients, all of it to f(x) - f(x').

Where f is made of pieces that are linear (ReLU) second derivatives vanish and interactions sit in the kinks, which
none of the nodes sees: `error` shows it. The authors replace ReLU by softplus; GELU and tanh need nothing.

Cost:
    At each of 64 nodes a gradient (three passes), and for each group a product with the Hessian (about six).

Fails:
    A score made of linear pieces (ReLU) has no second derivative where one looks, and `error` is large; GELU and tanh
    are fine. The baseline as in integrated gradients.

Peers:
    The authors' `path_explain`, on a grid of two parameters: as many nodes squared for the same error; ReLU replaced by
    softplus.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _numbers, batching, games
from jaxneuron.games import sweep
from jaxneuron.interact import _quadrature
from jaxneuron.types import Path


def interact(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    steps: int = 64,
    budget: int = batching.BUDGET,
) -> Path:
    """Return the matrix G of each row, and by how much its sum misses what the score gained.

    Args:
        f: the score, twice differentiable.
        x: the input.
        baseline: where the path starts: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`, of which G then is the sum; `np.arange(time)[:, None]`
            gives words. A node costs one product with H for each group. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value.
        steps: nodes, at most 200. From [PAD] to the words of a sentence, rows of MiniLM's matrix are within 2e-4 of
            integrated gradients at 50 nodes, 8e-6 at 70, 6e-7 at 100.
        budget: bytes for what is computed at a time; it does not grow with `steps`.

    Returns:
        `attribution[batch player player]`, symmetric up to rounding, in the score's unit; `error[batch]`.

    Raises:
        ValueError: shapes that do not fit, inputs that are no real numbers, or steps out of range.

    Source:
        Janizek, Sturmfels, Lee 2021, "Explaining Explanations", JMLR 22(104), arXiv 2002.04138.

    Example:
        >>> jnp.round(interact(lambda x: x[:, 0] * x[:, 1], jnp.array([[2.0, 6.0]])).attribution).tolist()
        [[[3.0, 3.0], [3.0, 3.0]]]
    """
    given = _numbers.real(x, "x")
    game = games.game(f, _numbers.floating(given), baseline, groups=groups, mask=mask, budget=budget)
    return _interact(game, *_quadrature.logarithmic(steps))


@jax.jit
def _interact(game: games.Game, nodes: Float[Array, "step"], weights: Float[Array, "step"]) -> Path:
    displacement = game.x - game.baseline
    gradient = jax.grad(lambda x: jnp.sum(game.score(x)))

    def at(total: Array, step: tuple[Array, Array]) -> tuple[Array, None]:
        u, weight = (value.astype(game.x.dtype) for value in step)
        point = game.baseline + u * displacement

        def column(player: Array) -> Float[Array, "batch player"]:
            part = jnp.where(game.player == player, displacement, 0)
            return games.collect(displacement * jax.jvp(gradient, (point,), (part,))[1], game)

        second = jnp.moveaxis(sweep(column, jnp.arange(game.count), budget=game.budget), 0, -1)
        first = games.collect(displacement * gradient(point), game)
        return total + weight * (u * second + first[..., None] * jnp.eye(game.count, dtype=first.dtype)[None]), None

    none = jnp.zeros((len(game.x), game.count, game.count), game.x.dtype)
    found, _ = jax.lax.scan(at, none, (nodes, weights))
    return Path(found, jnp.sum(found, axis=(1, 2)) - (game.score(game.x) - game.score(game.baseline)))
