"""How fast does the score fall, or come back, as features go in the order of the attribution?

Deletion and insertion of Petsiuk, Das, Saenko 2018, "RISE: randomized input sampling for explanation of black-box
models" (arXiv:1806.07421): remove the features one by one from the highest, or start with none and put them back; the
area under the score tells how well the order was chosen. Random orders of the same rows stand beside them, because the
area depends on the row, too.

Cost:
    `2 (steps + 1)` evaluations of `f` for the attribution and for each of ten random orders, times the draws of the
    baseline.

Fails:
    Half-deleted texts do not occur, and the score may do anything on them. The area depends on the row: compare with
    random orders.

Peers:
    RISE's code and Quantus's pixel flipping, without random orders beside.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped
from scipy import integrate

from jaxneuron import _keys, batching, games
from jaxneuron.evaluate.attribution._players import places, played, ranked_game, several


class Curves(NamedTuple):
    """Scores along the way; `step` goes from none to all of a row's features."""

    share: Float[np.ndarray, "step"]  # of the features that are gone, or back
    deletion: Float[np.ndarray, "batch step"]
    insertion: Float[np.ndarray, "batch step"]
    deletion_area: Float[np.ndarray, "batch"]  # low is good
    insertion_area: Float[np.ndarray, "batch"]  # high is good
    random_deletion_area: Float[np.ndarray, "draw batch"]
    random_insertion_area: Float[np.ndarray, "draw batch"]


def curves(
    key: Array,
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    attribution: Float[Any, "batch *_feature"],
    baseline: Any = 0.0,
    *,
    steps: int = 20,
    groups: Any = None,
    mask: Bool[Any, "batch *_"] | None = None,
    controls: int = 10,
    budget: int = batching.BUDGET,
) -> Curves:
    """Delete and insert features from the highest attribution to the lowest.

    At the share s, `round(s * features)` of a row's features are gone (or back); the area is that under the score over
    s, by trapezoids, so a score that stays at 1 has an area of 1.

    Args:
        key: for the random orders.
        f: the score.
        x: the input.
        attribution: of the input's shape, or one number per player, signed.
        baseline: see `erasure.erasure`.
        steps: parts that the way is divided into.
        groups: see `games.game`.
        mask: where features count.
        controls: random orders.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: shapes that do not fit, or no steps.

    Source:
        Petsiuk et al. 2018, section 4.

    Example:
        >>> x = jnp.array([[3.0, 1.0]])
        >>> found = curves(jax.random.key(0), lambda x: jnp.sum(x, axis=-1), x, x, steps=2)
        >>> found.deletion.tolist(), found.insertion_area.tolist()
        ([[4.0, 1.0, 0.0]], [2.5])
    """
    if steps < 1 or controls < 0:
        raise ValueError(f"expected at least one step and controls of at least 0, got {steps} and {controls}")
    draws = several(f, x, baseline, groups, mask, budget)
    _, value, plays = ranked_game(f, x, attribution, draws.baseline[0], groups, mask, budget)
    score = np.asarray(_scores(_keys.checked(key), draws, value, plays, steps=steps, controls=controls), np.float64)
    share = np.linspace(0, 1, steps + 1)
    area: Any = integrate.trapezoid(score, share, axis=-1)
    return Curves(share, *score[:, 0], *area[:, 0], *area[:, 1:])


def normalised(found: Curves) -> Curves:
    """Return curves with each row's score shifted and scaled so that the baseline has 0 and the input 1.

    It makes rows comparable; nan where both score the same.

    Example:
        >>> x = jnp.array([[3.0, 1.0]])
        >>> found = curves(jax.random.key(0), lambda x: jnp.sum(x, axis=-1), x, x, steps=2)
        >>> normalised(found).deletion.tolist()
        [[1.0, 0.25, 0.0]]
    """
    bottom = found.insertion[:, 0]  # deletion starts at the input, insertion at the baseline
    scale = found.deletion[:, 0] - bottom

    def on_scale(score: np.ndarray) -> np.ndarray:
        """Return `[... batch]` on the scale."""
        return np.divide(score - bottom, scale, out=np.full(score.shape, np.nan), where=scale != 0)

    along = (on_scale(score.T).T for score in found[1:3])
    return Curves(found.share, *along, *map(on_scale, found[3:]))


@functools.partial(jax.jit, static_argnames=("steps", "controls"))
def _scores(
    key: Array,
    game: games.Game,
    value: Float[Array, "batch player"],
    plays: Bool[Array, "batch player"],
    *,
    steps: int,
    controls: int,
) -> Float[Array, "two order batch step"]:
    orders = jnp.concatenate([value[None], jax.random.uniform(key, (controls, *value.shape), value.dtype)])
    count = jnp.round(jnp.linspace(0, 1, steps + 1)[:, None] * jnp.sum(plays, axis=1)[None])  # [step batch]
    first = places(orders, plays)[:, None] < count[None, :, :, None]  # [order step batch player]
    present = jnp.stack([~first, first])
    score = played(game, present.reshape(-1, *value.shape)).reshape(*present.shape[:-1])
    return jnp.moveaxis(score, -1, -2)
