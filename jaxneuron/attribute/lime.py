"""Which sparse linear model of present and absent features is close to the score around this input?

    minimise  1/2 sum over z of w(z) (f(z) - b - z . a)^2 / sum of w  +  strength * |a|_1
    with      w(z) = exp(-d(z)^2 / (2 width^2))

Coalitions z have each player with probability 1/2, and d is the distance of the changed input from the input. Options
and defaults are those of Captum's Lime, but that all rows of a batch share their coalitions. An attribution is worth as
much as the fit, so `explain` returns that, too.

Cost:
    One evaluation of `f` for each of 25 samples, which all rows of the batch share.

Fails:
    25 samples, the default as in Captum, are few, and the lasso sets much to 0: look at the fit that `explain` returns.
    Where the score is not near a linear function, no weights are right.

Peers:
    Captum's Lime and the authors' package; options as Captum's, but that rows share their samples.

Example:
    import jax
    import jax.numpy as jnp
    from jaxneuron.attribute import lime

    f = lambda x: 2 * x[:, 0] - x[:, 1]
    found = lime.explain(jax.random.key(0), f, jnp.ones((1, 3)), samples=64, strength=1e-4)
    print((found.weights.round(1) + 0).tolist(), found.fit.round(2).tolist())
    #: [[2.0, -1.0, 0.0]] [1.0]
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _keys, batching, games
from jaxneuron.attribute import _lasso
from jaxneuron.games import sweep


class Surrogate(NamedTuple):
    """A linear model of the score around each input."""

    weights: Float[Array, "batch player"]  # players by ascending group
    intercept: Float[Array, "batch"]
    fit: Float[Array, "batch"]  # weighted R squared: 1 where the score is linear, 0 where nothing is explained


class Kernel(NamedTuple):
    """How much a sample counts: `exp(-d^2 / (2 width^2))` at the distance d of the changed input from the input."""

    distance: str = "cosine"  # "cosine" (1 - cosine) or "euclidean"
    width: float = 1.0  # for "euclidean" in the unit of the input


NEAR = Kernel()


def attribute(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    samples: int = 25,
    strength: float = 0.01,
    kernel: Kernel = NEAR,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return the weight of each group of features in the linear model, copied to its members.

    Args:
        key: one key.
        f: the score.
        x: the input.
        baseline: what absent features take: a number, or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value and get exactly 0.
        samples: coalitions to draw.
        strength: of the lasso's penalty, scikit-learn's `alpha`, in the unit of the score: weights below it become 0.
        kernel: how samples weigh by their distance.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: settings out of range.

    Source:
        Ribeiro, Singh, Guestrin 2016, arXiv 1602.04938; Captum's Lime.
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    found = _run(key, game, samples, strength, kernel)
    return games.spread(found.weights, game.player)


def explain(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    samples: int = 25,
    strength: float = 0.01,
    kernel: Kernel = NEAR,
    budget: int = batching.BUDGET,
) -> Surrogate:
    """Return the linear model itself, with how well it fits; arguments as for `attribute`.

    Args:
        key: one key.
        f: the score.
        x: the input.
        baseline: what absent features take.
        groups: the group of each feature.
        mask: true where features count.
        samples: coalitions to draw.
        strength: of the lasso's penalty.
        kernel: how samples weigh by their distance.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: settings out of range.
    """
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    return _run(key, game, samples, strength, kernel)


def _run(key: Array, game: games.Game, samples: int, strength: float, kernel: Kernel) -> Surrogate:
    distance, width = kernel
    if samples < 2 or width <= 0 or strength < 0:
        raise ValueError(
            f"expected at least 2 samples, a width above 0 and a strength of 0 or more, got samples={samples}, "
            f"width={width}, strength={strength}"
        )
    if distance not in ("cosine", "euclidean"):
        raise ValueError(f"expected the distance 'cosine' or 'euclidean', got {distance!r}")
    present = jax.random.bernoulli(_keys.checked(key), jnp.float32(0.5), (samples, game.count))
    return _explain(game, present, width, strength, distance == "cosine")


@jax.jit
def _explain(
    game: games.Game, present: Bool[Array, "sample player"], width: Any, strength: Any, cosine: Any
) -> Surrogate:
    flat = game.x.reshape(len(game.x), -1).astype(float)

    def one(present: Bool[Array, "player"]) -> tuple[Float[Array, "batch"], Float[Array, "batch"]]:
        changed = jnp.where(games.spread(present[None], game.player), game.x, game.baseline)
        return game.score(changed), _distance(flat, changed.reshape(flat.shape).astype(float), cosine)

    score, apart = sweep(one, present, budget=game.budget)
    weight = jnp.exp(-(apart**2) / (2 * width**2))
    z = present.astype(score.dtype)
    fitted = jax.vmap(lambda score, weight: _lasso.lasso(z, score, weight, strength))(score.T, weight.T)
    return Surrogate(*fitted)


def _distance(a: Float[Array, "batch entry"], b: Float[Array, "batch entry"], cosine: Any) -> Float[Array, "batch"]:
    (_, a_), (_, b_), (size, apart) = (_sized(value) for value in (a, b, a - b))
    lengths = jnp.linalg.norm(a_, axis=1) * jnp.linalg.norm(b_, axis=1)
    turned = 1 - jnp.sum(a_ * b_, axis=1) / jnp.where(lengths > 0, lengths, 1)  # an input of zeros is at 1, as in torch
    return jnp.where(cosine, turned, size * jnp.linalg.norm(apart, axis=1))


def _sized(value: Float[Array, "batch entry"]) -> tuple[Float[Array, "batch"], Float[Array, "batch entry"]]:
    """Return the largest entry of each row, and the row divided by it: then no square leaves the type's range."""
    size = jnp.max(jnp.abs(value), axis=1)
    return size, value / jnp.where(size > 0, size, 1)[:, None]
