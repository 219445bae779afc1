"""Are right items foretold to be farther out than wrong ones? The share of such pairs, equal ones counting half."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxneuron.describe import _ranks

STRATUM, STRATA = 20, 10
"""Texts of about one length, at least so many, and at most so many lengths."""


class Pairs(NamedTuple):
    """Of each unit, what a description gets."""

    share: Float[np.ndarray, "unit"]  # a half where there is no pair
    texts: Float[np.ndarray, "unit"]  # how many equally weighty texts the right items amount to, at least 1
    control: Float[np.ndarray, "unit control"]  # the same share, by other descriptions


def of(
    foretold: Float[np.ndarray, "unit item"],
    right: Bool[np.ndarray, "unit item"],
    group: Int[np.ndarray, "item"],
    text: Int[np.ndarray, "item"],
    below: Float[np.ndarray, "item control"],
) -> Pairs:
    """Compare the right with the wrong items of the same group.

    Args:
        foretold: of all items.
        right: which are right.
        group: of each item, ascending from 0.
        text: of each item.
        below: how many items of its group a control foretells to be lower than each, as `_ranks.below`.
    """
    units, groups, texts = len(right), int(group[-1]) + 1, int(text.max()) + 1
    unit, item = np.nonzero(right)
    count = np.bincount(unit * groups + group[item], minlength=units * groups).reshape(units, groups)
    wrong = np.bincount(group, minlength=groups) - count
    pairs, among = (count * wrong).sum(axis=1), (count * (count - 1) / 2).sum(axis=1)  # among: pairs of right ones
    some = pairs > 0
    lower = np.bincount(unit, _ranks.below(foretold, group, unit, item), units)
    share = np.where(some, (lower - among) / np.where(some, pairs, 1), 0.5)
    weight = np.bincount(unit * texts + text[item], wrong[unit, group[item]], units * texts).reshape(units, texts)
    square = (weight**2).sum(axis=1)
    control = (right.astype(np.float32) @ below - among[:, None]) / np.where(some, pairs, 1)[:, None]
    return Pairs(
        share,
        np.where(some, weight.sum(axis=1) ** 2 / np.where(some, square, 1), 1),
        np.where(some[:, None], control, 0.5),
    )


def lengths(length: Int[np.ndarray, "text"]) -> tuple[Int[np.ndarray, "text"], Int[np.ndarray, "text"]]:
    """Return texts from the shortest to the longest, and which of them are of about one length.

    The highest of many words is higher than that of few, of whatever is foretold: a long text is compared with others.
    """
    strata = int(np.clip(len(length) // STRATUM, 1, STRATA))
    return np.argsort(length, kind="stable"), np.arange(len(length)) * strata // len(length)
