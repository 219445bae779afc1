"""The most correlated unit of each other model, which three methods sum up in three ways."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from jaxneuron import comoments
from jaxneuron.comoments import Comoments
from jaxneuron.compare import _over
from jaxneuron.types import Matches


class Partners(NamedTuple):
    """The best unit in each other model."""

    score: Float[np.ndarray, "model unit"]  # its correlation, 0 or more
    partner: Int[np.ndarray, "model unit"]  # counted through all models; -1 where nothing correlates
    table: Float[np.ndarray, "unit other"]  # all correlations, with their signs


def best(sums: Sequence[Comoments], absolute: bool) -> Partners:
    """Return the most correlated units.

    Args:
        sums: with each other model.
        absolute: whether a unit counts that falls where the other rises.
    """
    _over.given(sums)
    tables = [comoments.correlation(one) for one in sums]
    starts = np.cumsum([0, *(table.shape[1] for table in tables)])
    likeness = [np.abs(table) if absolute else table.clip(0) for table in tables]
    score = np.stack([one.max(axis=1) for one in likeness])
    partner = np.stack([one.argmax(axis=1) + start for one, start in zip(likeness, starts, strict=False)])
    return Partners(score, np.where(score > 0, partner, -1), np.concatenate(tables, axis=1))


def recurring(
    sums: Sequence[Comoments], absolute: bool, over: Callable[..., Any], model: Callable[..., Any]
) -> Matches:
    """Return how much each unit recurs.

    Args:
        sums: with each other model.
        absolute: see `best`.
        over: what makes one score of those with each model, such as `np.max`.
        model: which model's partner is told, such as `np.argmax`.
    """
    found = best(sums, absolute)
    partner = np.take_along_axis(found.partner, model(found.score, axis=0)[None], axis=0)[0]
    return Matches(over(found.score, axis=0), partner, found.table)
