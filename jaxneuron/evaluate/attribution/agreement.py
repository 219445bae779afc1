"""Does an attribution order features, or neurons, as removing each of them does? Rank correlation with exact ablation.

Gradients and paths are cheap stand-ins for taking one neuron out and looking. For a neuron the ablation is what the
claim "this one mattered" means, so it is the yardstick; where neurons stand in for each other it misses both, and a
low agreement is a reason to look at pairs (`interact`), not yet an error.

Cost:
    One evaluation of `f` for each group, and one for the input.

Fails:
    Where neurons stand in for each other the ablation misses both, and a low agreement is no error.

Peers:
    Quantus's faithfulness correlation draws random subsets; here each feature is taken away by itself.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped
from scipy import stats

from jaxneuron import batching, games
from jaxneuron.evaluate.attribution._players import ranked_game


class AblationAgreement(NamedTuple):
    """Row by row."""

    spearman: Float[np.ndarray, "batch"]  # of the signed values; nan where either is constant
    absolute: Float[np.ndarray, "batch"]  # of the absolute values
    top: Float[np.ndarray, "batch"]  # the share of the top k, by absolute value, that is in the ablation's top k
    ablation: Float[np.ndarray, "batch player"]  # f(x) - f(x without it); nan where a row has no such feature


def agreement(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    attribution: Float[Any, "batch *_feature"],
    baseline: Any = 0.0,
    *,
    top: int = 10,
    groups: Any = None,
    mask: Bool[Any, "batch *_"] | None = None,
    budget: int = batching.BUDGET,
) -> AblationAgreement:
    """Correlate an attribution with the ablation of each feature or group.

    Args:
        f: the score.
        x: the input, or a layer's activations.
        attribution: of the input's shape, or one number per player.
        baseline: what stands in for what is removed; broadcasts to `x`.
        top: k.
        groups: see `games.game`; `np.arange(unit)[None]` makes each unit of a site one player.
        mask: where features count.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: shapes that do not fit, or a k below 1.

    Example:
        >>> x = jnp.array([[1.0, 2.0, 3.0]])
        >>> agreement(lambda x: x[:, 0] + x[:, 1] * x[:, 2], x, jnp.array([[1.0, 5.0, 7.0]])).ablation.tolist()
        [[1.0, 6.0, 6.0]]
    """
    if top < 1:
        raise ValueError(f"expected the top 1 or more, got {top}")
    game, value, plays = ranked_game(f, x, attribution, baseline, groups, mask, budget)
    lost = np.asarray(_ablated(game), np.float64)
    value, plays = np.asarray(value, np.float64), np.asarray(plays)
    signed, absolute = (spearman(how(value), how(lost), plays) for how in (np.asarray, np.abs))
    rows = []
    for mine, theirs, here in zip(np.abs(value), np.abs(lost), plays, strict=True):
        k = min(top, int(here.sum()))
        first, second = (
            set(np.argsort(-np.where(here, row, -np.inf), kind="stable")[:k].tolist()) for row in (mine, theirs)
        )
        rows.append(len(first & second) / k if k else np.nan)
    return AblationAgreement(signed, absolute, np.array(rows), np.where(plays, lost, np.nan))


def spearman(
    a: Float[Any, "batch player"], b: Float[Any, "batch player"], plays: Bool[Any, "batch player"] | None = None
) -> Float[np.ndarray, "batch"]:
    """Return the rank correlation of each row, ties sharing a rank; nan where one side is constant.

    Args:
        a: one side.
        b: the other.
        plays: which players a row has; None: all.

    Example:
        >>> spearman(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 4.0, 9.0]])).tolist()
        [1.0]
    """
    found = np.full(len(a), np.nan)
    for i, (x, y) in enumerate(zip(np.asarray(a), np.asarray(b), strict=True)):
        here = slice(None) if plays is None else np.asarray(plays)[i]
        x, y = stats.rankdata(x[here]), stats.rankdata(y[here])
        if len(x) > 1 and np.ptp(x) and np.ptp(y):
            found[i] = np.corrcoef(x, y)[0, 1]
    return found


@jax.jit
def _ablated(game: games.Game) -> Float[Array, "batch player"]:
    without = ~jnp.eye(game.count, dtype=bool)[:, None]
    return (game.score(game.x)[None] - games.play(game, without)).T
