"""Are the features that an attribution puts first needed for the score, and enough for it?

Comprehensiveness and sufficiency of DeYoung et al. 2020, "ERASER: a benchmark to evaluate rationalized NLP models"
(arXiv:1911.03429): what the score loses without the top features, and what it loses with nothing else. Both depend on
what stands in for a feature, and can be raised without a better explanation (Hsia, Pruthi, Singh, Lipton 2024,
"Goodhart's law applies to NLP's explanation benchmarks", arXiv:2308.14272). So random attributions of the same rows
stand beside them, and the stand-ins may be several draws of what could have stood there, such as other words.

Cost:
    Two evaluations of `f` for each share (five), for the attribution and each of ten random orders, times the draws of
    the baseline.

Fails:
    Both measures can be raised without a better explanation; what stands in for a word decides them.

Peers:
    ERASER's code (ferret has it, too), without random orders and with one stand-in.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import _keys, batching, games
from jaxneuron.evaluate.attribution._players import places, played, ranked_game, several


class Erasure(NamedTuple):
    """What the score loses, row by row; the last axis follows `shares`."""

    comprehensiveness: Float[np.ndarray, "batch"]  # mean over shares of f(x) - f(x without the top): high is good
    sufficiency: Float[np.ndarray, "batch"]  # mean over shares of f(x) - f(the top only): low is good
    without: Float[np.ndarray, "batch share"]  # f(x) - f(x without the top)
    only: Float[np.ndarray, "batch share"]  # f(x) - f(the top only)
    random_without: Float[np.ndarray, "draw batch share"]  # the same for random orders
    random_only: Float[np.ndarray, "draw batch share"]


def erasure(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    attribution: Float[Any, "batch *_feature"],
    baseline: Any = 0.0,
    *,
    shares: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2, 0.5),
    groups: Any = None,
    mask: Bool[Any, "batch *_"] | None = None,
    controls: int = 10,
    budget: int = batching.BUDGET,
) -> Erasure:
    """Remove the top features, and all but the top features, and see what the score loses.

    Args:
        key: for the random orders.
        f: the score; ERASER's is the probability of the predicted class.
        x: the input.
        attribution: of the input's shape, or one number per player (`groups`), signed: high comes first.
        baseline: what stands in for a removed feature: a number, what broadcasts to `x`, or draws
            `[draw batch *feature]`, over which the score is averaged.
        shares: of a row's features that count as its top, rounded up.
        groups: see `games.game`; `np.arange(time)[:, None]` makes each word of `[batch time unit]` one feature.
        mask: where features count; padding stays as it is.
        controls: random orders.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: shapes that do not fit, or shares not between 0 and 1.

    Source:
        DeYoung et al. 2020, section 4.2; the shares are theirs.

    Example:
        >>> x = jnp.array([[3.0, 1.0]])
        >>> found = erasure(jax.random.key(0), lambda x: jnp.sum(x, axis=-1), x, x, shares=(0.5,))
        >>> found.comprehensiveness.tolist(), found.sufficiency.tolist()
        ([3.0], [1.0])
    """
    if not shares or not all(0 < share <= 1 for share in shares) or controls < 0:
        raise ValueError(f"expected shares above 0 and up to 1 and controls of at least 0, got {shares} and {controls}")
    draws = several(f, x, baseline, groups, mask, budget)
    _, value, plays = ranked_game(f, x, attribution, draws.baseline[0], groups, mask, budget)
    loss = np.asarray(_losses(_keys.checked(key), draws, value, plays, jnp.asarray(shares), controls), np.float64)
    without, only = loss  # [order batch share]
    return Erasure(without[0].mean(-1), only[0].mean(-1), without[0], only[0], without[1:], only[1:])


@functools.partial(jax.jit, static_argnames="controls")
def _losses(
    key: Array,
    game: games.Game,
    value: Float[Array, "batch player"],
    plays: Bool[Array, "batch player"],
    shares: Float[Array, "share"],
    controls: int,
) -> Float[Array, "two order batch share"]:
    orders = jnp.concatenate([value[None], jax.random.uniform(key, (controls, *value.shape), value.dtype)])
    place = places(orders, plays)[:, None]  # [order 1 batch player]
    count = jnp.ceil(shares[:, None] * jnp.sum(plays, axis=1)[None] - 1e-4)  # [share batch]
    top = place < count[None, :, :, None]  # [order share batch player]
    whole = played(game, jnp.ones((1, *value.shape), bool))[0]
    present = jnp.stack([~top, top])
    score = played(game, present.reshape(-1, *value.shape)).reshape(*present.shape[:-1])
    return jnp.moveaxis(whole[(None,) * 3] - score, -1, -2)
