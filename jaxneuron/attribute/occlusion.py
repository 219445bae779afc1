"""What does the score lose behind a window that slides over the input?

A feature's attribution is the mean, over the windows that cover it, of what the score loses when all of the window is
at the baseline. As in Captum the last window of an axis is cut off where the input ends.

Cost:
    One evaluation of `f` for each window, and one for the input.

Fails:
    A window that is too small does not cover what stands together, one that is too large blurs; features at the ends
    are covered by fewer windows. The baseline as in `ablation`.

Peers:
    Captum's Occlusion, with the same numbers.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from jaxneuron import batching, games
from jaxneuron.games import sweep


def attribute(
    f: games.Score,
    x: Shaped[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    window: int | Sequence[int] = 1,
    stride: int | Sequence[int] = 1,
    mask: Bool[Any, "batch *_"] | None = None,
    budget: int = batching.BUDGET,
) -> Float[Array, "batch *feature"]:
    """Return how much the score drops, on average, when a window over each feature is set to its baseline.

    Args:
        f: the score.
        x: the input.
        baseline: a number, or an array that broadcasts to `x`.
        window: how many features along each axis; a single number is along the first, with the whole of the others, so
            of a text `[batch time unit]` it is so many words.
        stride: how far apart windows start, along each axis or along the first; at most the window.
        mask: true where features count, such as the tokens' own; the others keep their value and get exactly 0.
        budget: bytes for what is computed at a time.

    Raises:
        ValueError: a window that does not fit the input, or a stride that would leave gaps.

    Source:
        Zeiler, Fergus 2014, "Visualizing and Understanding Convolutional Networks"; Captum's Occlusion.

    Example:
        >>> attribute(lambda x: jnp.sum(x, axis=1), jnp.array([[1.0, 2.0, 3.0]]), window=2).tolist()
        [[3.0, 4.0, 5.0]]
    """
    game = games.game(f, x, baseline, mask=mask, budget=budget)
    sizes = game.x.shape[1:]
    windows = (window, *sizes[1:]) if isinstance(window, int) else tuple(window)
    strides = (stride, *sizes[1:]) if isinstance(stride, int) else tuple(stride)
    if len(windows) != len(sizes) or any(not 1 <= a <= b for a, b in zip(windows, sizes, strict=True)):
        raise ValueError(f"expected a window between 1 and the input's size along each axis of {sizes}, got {windows}")
    if len(strides) != len(sizes) or any(
        c < 1 or (c > a and a < b) for a, b, c in zip(windows, sizes, strides, strict=True)
    ):
        raise ValueError(
            f"expected strides between 1 and the window {windows}, got {strides}: features would be missed"
        )
    covers = [_covers(*axis) for axis in zip(sizes, windows, strides, strict=True)]
    return _attribute(game, covers)


def _covers(size: int, window: int, stride: int) -> Bool[np.ndarray, "window size"]:
    """Return which places along an axis each window covers."""
    start = stride * np.arange(math.ceil((size - window) / stride) + 1)[:, None]
    place = np.arange(size)[None]
    return (place >= start) & (place < start + window)


@jax.jit
def _attribute(game: games.Game, covers: list[Bool[Array, "_ _"]]) -> Float[Array, "batch *feature"]:
    counts = [len(axis) for axis in covers]

    def behind(number: Array) -> Float[Array, "batch"]:
        here = jnp.ones((), bool)
        for axis, place in zip(covers, jnp.unravel_index(number, counts), strict=True):
            here = here[..., None] & axis[place].reshape([1] * here.ndim + [-1])
        return game.score(jnp.where(here[None], game.baseline, game.x))

    total = math.prod(counts)
    score = sweep(behind, jnp.arange(total), budget=game.budget)
    drop = (game.score(game.x)[None] - score).reshape(*counts, -1)
    # sum over the windows that cover a feature, an axis at a time: each takes the first axis away and adds the last
    for axis in covers:
        drop = jnp.tensordot(drop, axis / jnp.sum(axis, axis=0, keepdims=True), axes=(0, 0), precision="highest")
    return jnp.where(game.player >= 0, drop, 0)
