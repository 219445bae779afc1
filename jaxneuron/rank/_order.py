"""Each unit's tokens from the lowest activation to the highest, many units at once; with equal values found exactly.

Sorted once, a unit is compared with every label. What is sorted are 64-bit keys, the value above and the token below:
numpy sorts those with vector instructions, and several times as fast as `argsort` finds an order, which is left to
values in double precision. XLA's sort on a CPU is slower than either. Sorting does not hold the interpreter's lock, so
that threads share the units.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from jaxneuron import batching
from jaxneuron.table import Table, over_units

UNITS = 16
"""Units that a thread turns at a time."""

LOW = np.int64(2**32 - 1)
"""The bits of a key that hold the token or the place."""


class Ascending(NamedTuple):
    """The tokens of one unit, from the lowest activation to the highest."""

    order: Int[np.ndarray, "token"]  # the token at each place
    first: Int[np.ndarray, "token"]  # for each place, the first place of the same activation
    last: Int[np.ndarray, "token"]  # and the last
    tied: bool  # whether any two activations are the same


class Members(NamedTuple):
    """Which tokens each group has, one group after the other; a token may be in several."""

    group: Int[np.ndarray, "member"]  # ascending
    token: Int[np.ndarray, "member"]
    start: Int[np.ndarray, "group"]
    size: Int[np.ndarray, "group"]


def ascending(values: Float[np.ndarray, "token"]) -> Ascending:
    """Sort the tokens of one unit.

    Example:
        >>> ascending(np.array([3.0, -1.0, 3.0], np.float32)).first.tolist()
        [0, 1, 1]
    """
    place = np.arange(len(values))
    if values.dtype == np.float32:
        bits = (values + np.float32(0)).view(np.int32)  # adding 0 makes -0 the same as 0
        bits = bits ^ ((bits >> 31) & np.int32(2**31 - 1))  # floats in the order of integers
        key = np.sort((bits.astype(np.int64) << 32) | place)
        order, value = key & LOW, key >> 32
    else:  # leaves no room for the token
        order = np.argsort(values, kind="stable")
        value = values[order]
    new = value[1:] != value[:-1]
    if new.all():
        return Ascending(order, place, place, False)
    return Ascending(order, *runs(new), True)


def runs(new: Bool[np.ndarray, "rest"]) -> tuple[Int[np.ndarray, "place"], Int[np.ndarray, "place"]]:
    """Return the first and the last place of the run that each place is in, from where all but the first run begin.

    Example:
        >>> runs(np.array([False, True]))[1].tolist()
        [1, 1, 2]
    """
    first = np.concatenate([[0], np.flatnonzero(new) + 1])
    size = np.diff(first, append=len(new) + 1)
    return np.repeat(first, size), np.repeat(first + size - 1, size)


def places(sort: Ascending) -> Int[np.ndarray, "token"]:
    """Return the place of each token."""
    place = np.empty_like(sort.order)
    place[sort.order] = np.arange(len(place))
    return place


def members(table: Shaped[np.ndarray, "token group"]) -> Members:
    """Return the tokens at which each column is true."""
    group, token = np.nonzero(table.T)
    size = np.bincount(group, minlength=table.shape[1])
    return Members(group, token, np.cumsum(size) - size, size)


def member_keys(members: Members, place: Int[np.ndarray, "token"]) -> Int[np.ndarray, "member"]:
    """Return the members of each group from the lowest place to the highest, as `group * 2**32 + place`."""
    return np.sort((members.group << 32) | place[members.token])


def member_places(members: Members, place: Int[np.ndarray, "token"]) -> Int[np.ndarray, "member"]:
    """Return the places of the members of each group, ascending within the group."""
    return member_keys(members, place) & LOW


def map_units(
    f: Callable[[Float[np.ndarray, "token"]], Any],
    activations: Table,
    *,
    budget: int,
    progress: batching.Progress | None = None,
) -> np.ndarray:
    """Apply a function to all tokens of each unit, in threads, and stack what it returns: `[unit, ...]`.

    Args:
        f: takes the activations of one unit, side by side in memory, and returns an array.
        activations: of each token.
        budget: bytes for a block of units.
        progress: called after each block.
    """
    results: list[Any] = []
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:

        def several(block: np.ndarray) -> list[Any]:
            return [f(values) for values in np.ascontiguousarray(block.T)]

        for _, block in over_units(activations, budget=budget, copies=2, progress=progress):
            parts = [block[:, first : first + UNITS] for first in range(0, block.shape[1], UNITS)]
            for part in pool.map(several, parts):
                results += part
    return np.stack(results)
