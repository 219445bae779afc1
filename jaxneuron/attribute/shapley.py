"""What does a feature add to the score, averaged over all orders in which features could arrive?

    a_i = sum over T without i of |T|! (n - |T| - 1)! / n! * (f(T + i) - f(T))

where f(T) has the features outside T at the baseline. Up to 16 players all 2^n coalitions are tried, once each
(Captum's ShapleyValues walks all n! orders); beyond, orders are sampled, each with its reverse. Attributions sum to
f(x) - f(baseline) over players either way.

Cost:
    `2^n` evaluations of `f` for up to 16 groups; beyond, `n - 1` for each of the orders that are drawn.

Fails:
    More than 16 players need samples, whose error falls with their root. Groups are replaced independently of each
    other, which makes texts that do not occur.

Peers:
    Captum's ShapleyValues (all `n!` orders) and ShapleyValueSampling (without reversed orders).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped
from scipy.special import comb

from jaxneuron import _keys, batching, games


def attribute(
    key: Array | None,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    samples: int | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return the Shapley value of each group of features, copied to its members.

    Args:
        key: one key; None where nothing is sampled.
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value and get exactly 0.
        samples: orders to draw, at n + 1 evaluations each; odd numbers are rounded up, as orders come with their
            reverse. None: all coalitions, exactly.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: too many players to be exact, or samples without a key.

    Source:
        Shapley 1953; sampling: Castro, Gomez, Tejada 2009; reversed orders: Mitchell et al. 2022, arXiv 2104.12199.

    Example:
        >>> attribute(None, lambda x: x[:, 0] * x[:, 1] + x[:, 2], jnp.array([[2.0, 3.0, 4.0]])).tolist()
        [[3.0, 3.0, 4.0]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    if samples is None:
        games.check_exact(game)
        # weight of a coalition of t others: t! (n - t - 1)! / n!
        weight = 1 / (game.count * comb(game.count - 1, np.arange(game.count)))
        return _exact(game, weight)
    if key is None or samples < 1:
        raise ValueError(f"orders are drawn at random: give a key and a number of samples, got {key} and {samples}")
    return _sampled(jax.random.split(_keys.checked(key), (samples + 1) // 2), game)


@jax.jit
def _exact(game: games.Game, weight: Float[Array, "size"]) -> Float[Array, "batch *feature"]:
    alone = jnp.eye(game.count, dtype=bool)
    weight = jnp.broadcast_to(weight[None], (game.count, game.count))
    return games.spread(games.index(games.table(game), alone, weight), game.player)


@jax.jit
def _sampled(keys: Array, game: games.Game) -> Float[Array, "batch *feature"]:
    count = game.count
    arrival = jax.vmap(lambda key: jax.random.permutation(key, count))(keys)  # [order player], when each arrives
    arrival = jnp.concatenate([arrival, count - 1 - arrival])
    # after 0, 1, ..., n arrivals; all orders begin with nobody and end with everybody
    present = arrival[:, None] < jnp.arange(1, count)[None, :, None]
    ends = jnp.arange(2)[:, None, None] == jnp.ones((1, 1, count), int)
    between = present.reshape(-1, 1, count)
    score = games.play(game, jnp.concatenate([ends, between]))
    orders = len(arrival)
    path = score[2:].reshape(orders, count - 1, -1)
    first, last = (jnp.broadcast_to(score[i], (orders, 1, score.shape[1])) for i in range(2))
    gain = jnp.diff(jnp.concatenate([first, path, last], axis=1), axis=1)  # [order arrival batch]
    value = jnp.mean(jnp.take_along_axis(gain, arrival[..., None], axis=1), axis=0)
    return games.spread(value.T, game.player)
