"""What does the score lose when a feature takes the value that it has in another input?

Permutation importance, of each row: ablation with a fresh resampled baseline for each group. Captum draws any
permutation but the identity, in which a row may keep its own values and then gets 0; here every row takes another's.

Cost:
    One evaluation of `f` for each group and sample, and one of the input in each sample.

Fails:
    One draw is noisy: raise `samples`. Between rows of different lengths padding is exchanged for words unless the mask
    says so. Redundant features are not missed, as in `ablation`.

Peers:
    Captum's FeaturePermutation, in which a row may keep its own value and then gets 0.

Example:
    import jax
    import jax.numpy as jnp
    from jaxneuron.attribute import permutation

    x = jnp.array([[1.0, 5.0], [3.0, 5.0]])
    print(permutation.attribute(jax.random.key(0), lambda x: 2 * x[:, 0], x).tolist())
    #: [[-4.0, 0.0], [4.0, 0.0]]
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from jaxneuron import _keys, batching, games
from jaxneuron.attribute import _resample
from jaxneuron.games import sweep


def attribute(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch time"] | None = None,
    samples: int = 1,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return how much the score drops when each group of features takes its values from elsewhere.

    Args:
        key: one key.
        f: the score.
        x: the input, at least two rows, or two words.
        groups: the group of each feature, see `games.game`. None: each feature alone.
        mask: true where there is a word: values are then exchanged between words, never with padding, which keeps its
            own and gets exactly 0. None: they are exchanged between rows.
        samples: permutations of each group, of which the mean is taken.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: a single row, which has nobody to exchange values with.

    Source:
        Fisher, Rudin, Dominici 2019, arXiv 1801.01489; Captum's FeaturePermutation.
    """
    game = games.game(f, x, groups=groups, mask=mask, budget=budget)
    if mask is None and len(game.x) < 2:
        raise ValueError("a single row has nobody to exchange its values with; give at least two, or use ablation")
    if samples < 1:
        raise ValueError(f"expected at least one permutation, got samples={samples}")
    return _attribute(_keys.checked(key), game, None if mask is None else jnp.asarray(mask), jnp.arange(samples))


@jax.jit
def _attribute(
    key: Array, game: games.Game, mask: Bool[Array, "batch time"] | None, samples: Int[Array, "sample"]
) -> Float[Array, "batch *feature"]:
    def exchanged(number: Array) -> Float[Array, "batch"]:
        other = _resample.elsewhere(jax.random.fold_in(key, number), game.x, mask)
        return game.score(jnp.where(game.player == number % (game.count + 1), other, game.x))

    # the last number of each sample is nobody's: x itself
    number = jnp.arange(len(samples) * (game.count + 1))
    score = jnp.mean(sweep(exchanged, number, budget=game.budget).reshape(len(samples), game.count + 1, -1), axis=0)
    return games.spread((score[-1:] - score[:-1]).T, game.player)
