"""What a unit is on average at each word, in each context, at each place: means that fall back on coarser ones.

Words are grouped by a code, then each group by a finer code, and so on. A group's mean is drawn towards that of the
group that it is part of, the more so the fewer words it has: `parent + (mean - parent) n / (n + k)`. How much, k, is
the variance within groups over that between them, estimated for each unit and level (empirical Bayes, as of a one-way
random-effects analysis of variance): it is small where words decide what the unit does, and a unit that the words do
not tell apart foretells its mean. All units are done at once: sums over groups are products with a sparse matrix.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from jaxneuron.describe import _extremes
from jaxneuron.describe._lazy import Lazy, looked_up
from jaxneuron.table import Table, over_units

LEAST = 2
"""Words of a group that has a mean of its own; one word has no variance."""

Codes = Sequence[Int[np.ndarray, "token"]]
"""Of each level, the coarsest first: the group of each word, -1 for none. A finer group is part of a coarser one."""


class Groups(NamedTuple):
    """The groups of a text; group 0 is all of it."""

    code: tuple[Int[np.ndarray, "_group"], ...]  # of each level, ascending
    first: tuple[int, ...]  # of each level: its first group
    parent: Int[np.ndarray, "group"]  # the group that each is part of
    count: Int[np.ndarray, "group"]  # words
    token: Int[np.ndarray, "group"]  # its first word


class Means(NamedTuple):
    """What each unit is expected to do in each group."""

    groups: Groups
    value: Float[np.ndarray, "group unit"]
    side: Int[np.ndarray, "unit"]  # as `Described.side`
    middle: Float[np.ndarray, "unit"]  # the median of all words; of a unit that never changes its value
    explained: Float[np.ndarray, "unit"]  # share of the variance that the groups explain where they were fitted


class _Plan(NamedTuple):
    """How to sum over groups."""

    sums: list[sparse.csr_matrix]  # of each level: [group, token], 1 where the word is in the group
    alone: Int[np.ndarray, "group"]  # words whose finest group it is


def grouped(codes: Codes, most: int) -> tuple[Groups, list[Int[np.ndarray, "token"]]]:
    """Return the groups that have a mean of their own, and of each level the group of each word, -1 for none.

    Args:
        codes: see `Codes`.
        most: groups of a level; the largest are kept.
    """
    tokens = len(codes[0])
    deepest = np.zeros(tokens, np.int64)
    code, begin, members = [], [], []
    parent, count, token = [np.zeros(1, np.int64)], [np.array([tokens])], [np.zeros(1, np.int64)]
    for level in codes:
        names, where, inverse, sizes = np.unique(level, return_index=True, return_inverse=True, return_counts=True)
        above = deepest[where]
        keep = (names >= 0) & (sizes >= LEAST) & (sizes < np.concatenate(count)[above])  # else it is its parent
        if keep.sum() > most:
            kept = np.flatnonzero(keep)
            keep[kept[np.argsort(-sizes[kept], kind="stable")[most:]]] = False
        begin.append(sum(map(len, parent)))
        group = np.where(keep, begin[-1] + np.cumsum(keep) - 1, -1)[inverse]
        members.append(group)
        deepest = np.where(group >= 0, group, deepest)
        for column, values in ((code, names), (parent, above), (count, sizes), (token, where)):
            column.append(values[keep])
    return Groups(tuple(code), tuple(begin), *(np.concatenate(part) for part in (parent, count, token))), members


def of(groups: Groups, codes: Codes) -> Int[np.ndarray, "token"]:
    """Return the finest known group of each word of any text."""
    deepest = np.zeros(len(codes[0]), np.int64)
    for known, first, level in zip(groups.code, groups.first, codes, strict=True):
        if len(known):
            place = np.minimum(np.searchsorted(known, level), len(known) - 1)
            deepest = np.where(known[place] == level, first + place, deepest)
    return deepest


def fit(activations: Table, ways: Sequence[Codes], *, budget: int) -> list[Means]:
    """Return the means of all groups, for each way to group words.

    Args:
        activations: of the words, read once.
        ways: codes of each way.
        budget: bytes for the means of a way, and for the units that are read at a time.

    Raises:
        ValueError: an activation that is not finite.
    """
    units = activations.shape[1]
    side, median = np.zeros(units, np.int64), np.zeros(units)
    fitted, plans = [], []
    for codes in ways:
        groups, members = grouped(codes, max(int(budget // (4 * max(units, 1) * len(codes))), 1))
        plans.append(_plan(groups, members, codes))
        fitted.append(Means(groups, np.empty((len(groups.parent), units), np.float32), side, median, np.zeros(units)))
    for here, block in over_units(activations, budget=budget, copies=8):
        side[here], median[here] = _extremes.sides(block), np.median(block, axis=0)
        middle = block.mean(axis=0, dtype=np.float64)
        apart = block - middle
        squares = apart * apart
        for means, plan in zip(fitted, plans, strict=True):
            value, means.explained[here] = _means(apart, squares, means.groups, plan)
            means.value[:, here] = value + middle
    return fitted


def predicted(means: Means, codes: Codes) -> Lazy:
    """Return what is foretold of the words with these codes."""
    return looked_up(means.value, of(means.groups, codes))


def _plan(groups: Groups, members: list[Int[np.ndarray, "token"]], codes: Codes) -> _Plan:
    """Return how to sum over the groups."""
    found = []
    for group, first, known in zip(members, groups.first, groups.code, strict=True):
        inside = np.flatnonzero(group >= 0)
        place = (group[inside] - first, inside)
        found.append(sparse.csr_matrix((np.ones(len(inside)), place), shape=(len(known), len(group))))
    return _Plan(found, np.bincount(of(groups, codes), minlength=len(groups.parent)))


def _means(
    apart: Float[np.ndarray, "token unit"], squares: Float[np.ndarray, "token unit"], groups: Groups, plan: _Plan
) -> tuple[Float[np.ndarray, "group unit"], Float[np.ndarray, "unit"]]:
    """Return how far the means lie from that of all words, and the share of the variance that they explain."""
    value = np.zeros((len(groups.parent), apart.shape[1]))
    for sums, first, known in zip(plan.sums, groups.first, groups.code, strict=True):
        if not len(known):
            continue
        here = slice(first, first + len(known))
        size, above = groups.count[here, None].astype(np.float64), value[groups.parent[here]]
        mean, words = (sums @ apart) / size, size.sum()
        within = np.maximum(((sums @ squares) - size * mean**2).sum(axis=0), 0) / max(words - len(size), 1)
        between = np.maximum((size * (mean - above) ** 2).sum(axis=0) - len(size) * within, 0) / words
        kept = size * between
        value[here] = above + (mean - above) * kept / np.maximum(kept + within, np.finfo(float).tiny)
    variance = squares.mean(axis=0)
    explained = (plan.alone @ value**2) / len(apart) / np.where(variance > 0, variance, 1)
    return value, np.where(variance > 0, explained, 0)
