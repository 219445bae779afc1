"""Shapley values by regression: the additive game that is closest to the score's own.

    minimise  sum over coalitions z of  k(|z|) (f(z) - f(nobody) - z . a)^2,   k(s) = (n - 1) / (C(n, s) s (n - s))

where sum(a) = f(x) - f(baseline) holds exactly: the constraint is solved for, where Captum gives two rows a weight of
1e6 and is 0.1 off. Coalitions are drawn by their size's share of the kernel, each with its complement, the same for
all rows of the input; where there are as few coalitions as samples, all are taken, and the answer is the Shapley value.

Cost:
    `2 n + 2050` evaluations of `f` for n groups, or `2^n` where that is fewer.

Fails:
    With few samples for many groups the least squares are not determined, and what is returned is the least of the
    solutions. Groups are replaced independently of each other, which makes texts that do not occur.

Peers:
    Captum's KernelShap (25 samples by default, and a soft constraint that is 0.1 off) and SHAP's KernelExplainer.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _keys, batching, games


def attribute(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    samples: int | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return the estimated Shapley value of each group of features, copied to its members.

    Args:
        key: one key.
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value and get exactly 0.
        samples: coalitions to draw (odd numbers are rounded up); None: 2 n + 2048, as the authors' package has it.
            Captum takes 25.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: fewer than two samples.

    Source:
        Lundberg, Lee 2017, arXiv 1705.07874; complements and the exact constraint: Covert, Lee 2021, arXiv 2012.01536.

    Example:
        >>> f = lambda x: x[:, 0] * x[:, 1] + x[:, 2]
        >>> jnp.round(attribute(jax.random.key(0), f, jnp.array([[2.0, 3.0, 4.0]]))).tolist()
        [[3.0, 3.0, 4.0]]
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    count = game.count
    samples = 2 * count + 2048 if samples is None else samples
    if samples < 2:
        raise ValueError(f"expected at least two samples, got {samples}")
    size = np.arange(1, count)
    share = 1 / (size * (count - size))  # of the kernel, all coalitions of a size together
    if count <= games.EXACT and 2**count - 2 <= samples:
        return _exact(game, share)
    return _sampled(_keys.checked(key), game, share, jnp.arange((samples + 1) // 2))


@jax.jit
def _exact(game: games.Game, share: Float[Array, "size"]) -> Float[Array, "batch *feature"]:
    present = games.coalitions(game.count)[1:-1]
    size = jnp.sum(present, axis=1)
    many = jax.ops.segment_sum(jnp.ones(len(size)), size, num_segments=game.count)  # C(n, s) coalitions share it
    weight = (share[size - 1] / many[size]) if game.count > 1 else jnp.ones(0)
    return _fit(game, present, weight)


@jax.jit
def _sampled(
    key: Array, game: games.Game, share: Float[Array, "size"], pairs: Int[Array, "pair"]
) -> Float[Array, "batch *feature"]:
    sizes, members = jax.random.split(key)
    size = 1 + jax.random.categorical(sizes, jnp.log(share).astype(jnp.float32), shape=pairs.shape)
    arrival = jnp.argsort(jax.random.uniform(members, (len(pairs), game.count), jnp.float32), axis=1)
    present = arrival < size[:, None]
    present = jnp.concatenate([present, ~present])
    return _fit(game, present, jnp.ones(len(present)))


def _fit(
    game: games.Game, present: Bool[Array, "coalition player"], weight: Float[Array, "coalition"]
) -> Float[Array, "batch *feature"]:
    ends = jnp.stack([jnp.zeros(game.count, bool), jnp.ones(game.count, bool)])
    score = games.play(game, jnp.concatenate([ends, present])[:, None])
    nobody, everybody, score = score[0], score[1], score[2:]
    equal = (everybody - nobody) / game.count  # what each gets if all are alike; the rest sums to 0
    # so a row of the regression counts only as it departs from its own mean: that solves for the constraint
    z = present.astype(score.dtype)
    departs = z - jnp.mean(z, axis=1, keepdims=True)
    rest = score - nobody[None] - jnp.sum(z, axis=1, keepdims=True) * equal[None]
    root = jnp.sqrt(weight).astype(score.dtype)[:, None]
    value = equal[None] + (jnp.linalg.lstsq(root * departs, root * rest)[0] if len(z) else 0.0)
    return games.spread(value.T, game.player)
