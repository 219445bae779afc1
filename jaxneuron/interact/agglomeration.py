"""How does a prediction build up from words to phrases? Spans grow word by word, by what the next word adds.

Singh et al. 2019 (Hierarchical Interpretations for Neural Network Predictions, arXiv 1806.05337), algorithm 1: the
words of the strongest scores are the first spans; then, round after round, of all words next to a span those join it
that change its score most, until the whole text is one span. A span's score is one of

- `cd`: its part in the contextual decomposition of the score (ACD proper);
- `build_up`: `f(the span alone) - f(baseline)`;
- `occlusion`: `f(x) - f(x without the span)`.

All spans that a round tries are scored in one call, of one shape in every round.

Cost:
    In each of up to n rounds, 2 n spans are scored: two evaluations of `f` each, for "cd" the program with three parts
    (three to four passes).

Fails:
    Greedy: a word that joined stays. Only spans are found, not words that are apart. "cd" needs a rule for each
    operation; "build_up" and "occlusion" make texts that do not occur.

Peers:
    The authors' `acd`, for LSTMs and CNNs in torch; here any forward.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxneuron import _numbers, batching, games
from jaxneuron.interact import _contextual

SCORES = ("cd", "build_up", "occlusion")


class Level(NamedTuple):
    """The spans of one row after one round, from left to right."""

    start: Int[np.ndarray, "span"]  # the first player of each span
    stop: Int[np.ndarray, "span"]  # the player after its last
    score: Float[np.ndarray, "span"]  # what it contributes


def interact(
    f: games.Score,
    x: Float[Any, "batch *feature"],
    baseline: Any = 0.0,
    *,
    groups: Int[Any, "..."] | None = None,
    mask: Bool[Any, "batch *_"] | None = None,
    score: str = "cd",
    percentile: float = 90.0,
    shared: float = 0.0,
    budget: int = batching.BUDGET,
) -> list[list[Level]]:
    """Return how the spans of each row grow; the last level of a row is the whole row as one span.

    Args:
        f: the score.
        x: the input.
        baseline: what counts as no input, a number or an array that broadcasts to `x`.
        groups: the group of each feature, see `games.game`. None: each step of the axis after the batch is a player,
            the words of a text.
        mask: true where features count, such as the tokens' own; padding joins no span.
        score: "cd", "build_up" or "occlusion": what a span contributes.
        percentile: of the words that are tried in a round, those above it in size of effect join; the strongest always.
        shared: for "cd", see `contextual_decomposition`.
        budget: bytes for what is computed at a time.

    Returns:
        For each row its levels, the first of them before any span has grown.

    Raises:
        ValueError: shapes that do not fit, another score, or a percentile out of [0, 100].
        NotImplementedError: for "cd", `f` has an operation without a rule.

    Source:
        arXiv 1806.05337, section 3.2.

    Example:
        >>> row = interact(lambda x: x.sum(1), jnp.array([[1.0, 5.0, 2.0]]), score="build_up")[0]
        >>> [(level.start.tolist(), level.stop.tolist(), level.score.tolist()) for level in row]
        [([1], [2], [5.0]), ([1], [3], [7.0]), ([0], [3], [8.0])]
    """
    if score not in SCORES:
        raise ValueError(f"the score must be one of {', '.join(SCORES)}, got {score!r}")
    if not 0 <= percentile <= 100:
        raise ValueError(f"the percentile must be from 0 to 100, got {percentile}")
    x = _numbers.floating(_numbers.array(x, "x"))
    if groups is None and x.ndim > 2:
        groups = np.arange(x.shape[1]).reshape(-1, *[1] * (x.ndim - 2))
    game = games.game(f, x, baseline, groups=groups, mask=mask, budget=budget)
    played = np.asarray(games.collect(jnp.broadcast_to(game.player >= 0, x.shape).astype(x.dtype), game)) > 0

    def scored(sets: Bool[np.ndarray, "set batch player"]) -> Float[np.ndarray, "set batch"]:
        return np.asarray(_score(game, jnp.asarray(sets), score, shared))

    rows, count = played.shape
    alone = np.broadcast_to(np.eye(count, dtype=bool)[:, None], (count, rows, count))
    chosen = _strongest(scored(np.concatenate([alone, alone]))[:count].T, played, percentile)
    levels: list[list[Level]] = [[] for _ in range(rows)]
    growing = chosen.any(axis=1)
    while growing.any():
        run = np.cumsum(~chosen, axis=1)
        span = chosen[:, :, None] & chosen[:, None] & (run[:, :, None] == run[:, None])  # of each player, in each row
        left, right = (_beside(span, step) for step in (1, -1))
        found = scored(np.concatenate([span.swapaxes(0, 1), alone | (left | right).swapaxes(0, 1)]))
        now, grown = found[:count].T, found[count:].T
        for row in np.flatnonzero(growing):
            levels[row].append(_level(chosen[row], now[row]))
        edge = played & ~chosen & (_beside(chosen, 1) | _beside(chosen, -1))
        growing = growing & edge.any(axis=1)
        chosen = chosen | _strongest(grown - _beside(now, 1) - _beside(now, -1), edge, percentile)
    return levels


def _strongest(
    value: Float[np.ndarray, "batch player"], allowed: Bool[np.ndarray, "batch player"], percentile: float
) -> Bool[np.ndarray, "batch player"]:
    """Return the allowed players whose values reach the percentile of their row in size."""
    size = np.abs(value)
    least = [np.percentile(row[here], percentile) if here.any() else 0 for row, here in zip(size, allowed, strict=True)]
    return allowed & (np.abs(value) >= np.array(least, value.dtype)[:, None])


def _beside(value: np.ndarray, step: int) -> np.ndarray:
    """Return what the left (1) or the right (-1) neighbour of each player has, nothing at the ends."""
    moved = np.roll(value, step, axis=1)
    moved[:, 0 if step == 1 else -1] = 0
    return moved


def _level(chosen: Bool[np.ndarray, "player"], score: Float[np.ndarray, "player"]) -> Level:
    edges = np.diff(np.concatenate([[0], chosen.astype(int), [0]]))
    start, stop = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return Level(start, stop, score[start])


@jax.jit(static_argnames="score")
def _score(
    game: games.Game, sets: Bool[Array, "set batch player"], score: str, shared: Any
) -> Float[Array, "set batch"]:
    if score == "cd":
        return _contextual.scores(game, sets, shared)
    whole = game.score(game.x if score == "occlusion" else game.baseline)[None]
    return whole - games.play(game, ~sets) if score == "occlusion" else games.play(game, sets) - whole
