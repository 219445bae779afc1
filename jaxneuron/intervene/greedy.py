"""Which units are missed most together? Take away the one that hurts most, then the next beside it, and so on.

A unit that another can stand in for is not missed alone, so the k best of a ranking are not the k that are missed
most. Each round tries every unit beside those that are gone already, in one call that is compiled once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int, PyTree

from jaxneuron import batching
from jaxneuron.intervene import Answered, Comparison, Effect, _run
from jaxneuron.types import Forward, Params, Site, Target, Tokens


class Greedy(NamedTuple):
    """Units in the order in which they were taken away."""

    order: Int[np.ndarray, "step"]
    score: Float[np.ndarray, "step"]  # without this unit and those before it
    alone: Float[np.ndarray, "step"]  # without this unit only
    unedited: float  # with all units
    effect: Effect  # what the target reads: edited [step batch ...]


def mean_score(read: PyTree) -> Float[np.ndarray, "*set"]:
    """Return the mean over the sequences of what a target reads."""
    return np.asarray(read, np.float64).mean(axis=-1)


def intervene(
    forward: Forward,
    params: Params,
    tokens: Tokens,
    target: Target | Comparison | Answered,
    candidates: Bool[Any, "unit"] | None = None,
    *,
    site: Site,
    count: int,
    score: Callable[[PyTree], Float[np.ndarray, "*set"]] = mean_score,
    value: float | Float[Any, "unit"] = 0.0,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Greedy:
    """Take away `count` units one by one, each time the one without which the score is lowest.

    Args:
        forward: the model.
        params: its weights.
        tokens: sentences, `[batch time]`.
        target: what to read, a target or a comparison, which is given the next symbols if it has no answers.
        candidates: the units that may be taken; by default all. Fewer cost less.
        site: where the units are.
        count: how many to take.
        score: from what the target reads, `[*set batch ...]`, to the number that should fall, `[*set]`; for
            `evaluate.effects.Predictions` such as `lambda sums: summary(sums).accuracy[..., 0]`.
        value: what a unit is set to that is taken away, one number or one for each unit.
        budget: bytes for what is computed at a time.
        progress: called after each unit with how many are taken.

    Returns:
        The units with what is left after each. Of equal ones the first is taken.

    Raises:
        KeyError: the model has no such site, or no site that the target reads.
        ValueError: a target that the site does not reach, or that reads a unit or a word which is not there; fewer
            candidates than `count`, or a score that is no number for some set.
    """
    each = _run.units(forward, params, tokens, target, site, None)
    allowed = np.ones(len(each), bool) if candidates is None else _run.chosen(candidates, len(each), site)
    if allowed.ndim != 1 or not 1 <= count <= allowed.sum():
        raise ValueError(
            f"expected candidates Bool[{len(each)}] with at least {count} units, and a count of at least 1"
        )
    edit = jax.tree_util.Partial(_run.hold, jnp.broadcast_to(jnp.asarray(value, jnp.float32), (len(each),)))
    places = np.flatnonzero(allowed)
    order, rounds, scores, alone = [], [], [], []
    gone = np.zeros(len(each), bool)
    unedited = None
    for _ in range(count):
        found = _run.run(
            forward,
            params,
            tokens,
            target,
            edit,
            each[places] | gone[None],
            (None, None),
            site=site,
            budget=budget,
            progress=None,
        )
        left = np.asarray(score(found.edited), np.float64)
        if left.shape != places.shape or np.isnan(left).any():
            raise ValueError(f"expected `score` to return a number for each of {len(places)} sets, got {left}")
        alone = alone or left.tolist()
        best = int(np.argmin(np.where(gone[places], np.inf, left)))
        gone[places[best]] = True
        order.append(int(places[best]))
        scores.append(left[best])
        rounds.append(jax.tree.map(lambda leaf, best=best: leaf[best], found.edited))
        unedited = found.unedited
        if progress:
            progress(len(order), count)
    first = dict(zip(places.tolist(), alone, strict=True))
    edited = jax.tree.map(lambda *leaves: np.stack(leaves), *rounds)
    without = jax.tree.map(lambda leaf: np.asarray(leaf)[None], unedited)
    return Greedy(
        np.array(order),
        np.array(scores),
        np.array([first[unit] for unit in order]),
        float(np.asarray(score(without))[0]),
        Effect(edited, unedited),
    )
