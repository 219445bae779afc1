"""What does the score lose without a feature? Each feature or group at its baseline, all in one call.

    a_g = f(x) - f(x with group g at the baseline)

is copied to each member of the group, as Captum does (FeatureAblation; of a hidden layer's f its LayerFeatureAblation,
of a neuron's f NeuronFeatureAblation). A group has one attribution, so do not sum over its members. With
`split.above`, only what is above the site is computed, for as many groups at a time as the budget holds; Captum runs
the whole model for each.

Zero is what most tutorials take, but few units are ever 0: `mean` and `resampled` give baselines that occur.

Cost:
    One evaluation of `f` for each group and one for the input, of what is above the site only.

Fails:
    Features that stand in for each other are not missed one by one, and get 0. A baseline that never occurs (0, mostly)
    measures how the model takes strange input.

Peers:
    Captum's FeatureAblation, LayerFeatureAblation and NeuronFeatureAblation, with the same numbers; Captum runs the
    whole model for each group.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _keys, batching, games
from jaxneuron.attribute import _resample
from jaxneuron.games import sweep


def attribute(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return how much the score drops when each group of features is set to its baseline.

    Args:
        f: the score; the maps of `split` compile once, for all texts of a shape.
        x: the input, of any type.
        baseline: a number, or an array that broadcasts to `x`, such as `mean` and `resampled` return.
        groups: the group of each feature, see `games.game`; `np.arange(unit)[None]` ablates each unit of a site at all
            its positions. None: each feature alone.
        mask: true where features count, such as the tokens' own; the others keep their value and get exactly 0.
        budget: bytes for what is computed at a time.

    Returns:
        The drop of the score, in its own unit.

    Raises:
        ValueError: shapes that do not fit, or NaN.

    Source:
        Zeiler, Fergus 2014, "Visualizing and Understanding Convolutional Networks"; Captum's FeatureAblation.

    Example:
        >>> attribute(lambda x: x[:, 0] * x[:, 1] + x[:, 2], jnp.array([[2.0, 3.0, 4.0]])).tolist()
        [[6.0, 6.0, 4.0]]
    """
    return _attribute(games.game(f, x, baseline, groups=groups, mask=mask, budget=budget))


@jax.jit
def _attribute(game: games.Game) -> Float[Array, "batch *feature"]:
    def without(group: Int[Array, ""]) -> Float[Array, "batch"]:
        return game.score(jnp.where(game.player == group, game.baseline, game.x))

    score = sweep(without, jnp.arange(game.count + 1), budget=game.budget)  # the last is nobody's number: x itself
    return games.spread((score[-1:] - score[:-1]).T, game.player)


def mean(x: Float[Any, "batch *feature"], mask: Bool[Any, "batch time"] | None = None) -> Float[Array, "..."]:
    """Return the mean over rows, or over words where `mask` is true, as a baseline.

    Example:
        >>> mean(jnp.array([[[1.0], [9.0]], [[3.0], [9.0]]]), jnp.array([[True, False], [True, False]])).tolist()
        [2.0]
    """
    x = jnp.asarray(x)
    if mask is None:
        return jnp.mean(x, axis=0)
    mask = _words(x, mask)
    return jnp.mean(x, axis=(0, 1), where=mask.reshape(*mask.shape, *[1] * (x.ndim - 2)))


def resampled(
    key: Array, x: Shaped[Any, "batch *feature"], mask: Bool[Any, "batch time"] | None = None
) -> Shaped[Array, "batch *feature"]:
    """Return for each row the values of another, or for each word those of another word, as a baseline.

    Args:
        key: one key.
        x: the input.
        mask: true where there is a word; None: rows are exchanged as a whole.
    """
    x = jnp.asarray(x)
    return _elsewhere(_keys.checked(key), x, None if mask is None else _words(x, mask))


_elsewhere = jax.jit(_resample.elsewhere)


def _words(x: Array, mask: Any) -> Bool[Array, "batch time"]:
    mask = jnp.asarray(mask)
    if mask.dtype != bool or mask.shape != x.shape[:2]:
        raise ValueError(f"expected a mask of words, bool {x.shape[:2]}, got {mask.dtype} {mask.shape}")
    return mask
