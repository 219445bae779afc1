"""Numbers of sixteen bits as levels, in their order: which one a value has, and what it stands for.

A bfloat16 has a sign, eight bits of exponent and seven digits. Levels are those of the exponents of a range, each with
all its digits or with the first of them; around 0 and beyond the range, one level holds what has none of its own. No
level depends on the data, so that counts of any two texts can be added.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt16

from jaxneuron.atlas._sites import Flat

DIGITS = 7
"""Binary digits of a bfloat16, after the first."""

BIAS = 127

TILE = 32
"""Units whose values are copied at a time, in whole lines of the cache: what is read of them next is near."""

HELD = 2**13
"""Tokens that wait to be counted: 2 bytes for each and unit."""


class Levels(NamedTuple):
    """Which numbers are told apart: 0, what is too small, the range, what is too large, and their negatives."""

    lowest: int  # the exponent from which on: 2 ** lowest is the smallest number that has a level of its own
    highest: int  # up to just below 2 ** highest
    digits: int  # of a number, after the first

    @property
    def side(self) -> int:
        """How many levels there are above 0."""
        return ((self.highest - self.lowest) << self.digits) + 2

    @property
    def count(self) -> int:
        """How many levels there are."""
        return 2 * self.side + 1


def checked(lowest: int, highest: int, digits: int) -> Levels:
    """Return levels.

    Raises:
        ValueError: exponents that bfloat16 does not have, or digits.
    """
    if not -126 <= lowest < highest <= 128 or not 0 <= digits <= DIGITS:
        raise ValueError(
            f"expected -126 <= lowest < highest <= 128 and 0 to {DIGITS} digits, as bfloat16 has, got {lowest}, "
            f"{highest} and {digits}"
        )
    return Levels(lowest, highest, digits)


def numbered(value: Float[Array, "*shape"], levels: Levels) -> Int[Array, "*shape"]:
    """Return the level of each value, from 0 for the lowest."""
    bits = jax.lax.bitcast_convert_type(value.astype(jnp.bfloat16), jnp.uint16).astype(jnp.int32)
    size = bits & 0x7FFF
    place = (size >> (DIGITS - levels.digits)) - ((levels.lowest + BIAS) << levels.digits) + 2
    place = jnp.where(size == 0, 0, jnp.clip(place, 1, levels.side))
    return levels.side + jnp.where(bits >> 15, -place, place)


def of_batch(levels: Levels, batch: Flat) -> UInt16[Array, "token unit"]:
    """Return the level of each vector's values, whether it counts or not."""
    return numbered(batch.value, levels).astype(jnp.uint16)


class Pending(NamedTuple):
    """Counts, and values that are still to be counted: a table that is larger than a cache is gone through rarely."""

    table: Int[np.ndarray, "*shape level"]  # is changed, as what follows
    level: UInt16[np.ndarray, "tile token unit"]  # some units of all tokens are together
    first: Int[np.ndarray, "token"]  # the row of unit 0
    held: int  # tokens that wait


def put(state: Any, level: UInt16[np.ndarray, "vector unit"], rows: Int[np.ndarray, "token"], first: Any = 0) -> Any:
    """Add 1 in each of these places of a table, sooner or later, in numpy.

    Measured: a fourth of what `added` takes on a CPU, whose transposition alone takes longer.

    Args:
        state: the table, or what this function returned.
        level: of each value; it is copied.
        rows: which vectors are counted.
        first: the row of unit 0 for each of them, or for all.
    """
    units = level.shape[1]
    if not isinstance(state, Pending):
        tiles = np.empty((-(-units // TILE), HELD, TILE), np.uint16)
        state = Pending(state, tiles, np.empty(HELD, np.intp), 0)
    first = np.broadcast_to(first, len(rows))
    for start in range(0, len(rows), HELD):
        some = level.take(rows[start : start + HELD], axis=0)
        if state.held + len(some) > HELD:
            state = state._replace(table=settled(state), held=0)
        here = slice(state.held, state.held + len(some))
        for tile, left in enumerate(range(0, units, TILE)):
            state.level[tile, here, : units - left] = some[:, left : left + TILE]
        state.first[here] = first[start : start + HELD]
        state = state._replace(held=here.stop)
    return state


def settled(state: Any) -> Int[np.ndarray, "*shape level"]:
    """Return the table when all is counted."""
    if not isinstance(state, Pending):
        return state
    flat, size, one = state.table.reshape(-1), state.table.shape[-1], state.table.dtype.type(1)
    first = state.first[: state.held] * size
    place, apart = np.empty(len(first), np.intp), first.any()
    for unit in range(state.table.shape[-2]):
        place[:] = state.level[unit // TILE, : state.held, unit % TILE]
        if apart:
            place += first
        np.add.at(flat[unit * size :], place, one)
    return state.table


def summed(one: Int[Any, "*shape"], other: Int[Any, "*shape"]) -> Int[np.ndarray, "*shape"]:
    """Return the sum of two tables of counts, in as few bytes as hold it."""
    one, other = np.asarray(one), np.asarray(other)
    highest = int(one.max(initial=0)) + int(other.max(initial=0))
    return np.add(one, other, dtype=np.int32 if highest < 2**31 else np.int64)


def added(table: Int[Any, "row level"], row: Int[Array, "..."], level: Int[Array, "..."]) -> Int[Array, "row level"]:
    """Return a table with 1 more in each of these places; one index is three times as fast as two on a CPU."""
    place = row * table.shape[1] + level
    flat = jnp.asarray(table).reshape(-1)
    return flat.at[place].add(1, mode="promise_in_bounds").reshape(table.shape)


def table(rows: int, levels: Levels) -> Int[np.ndarray, "row level"]:
    """Return zeros, with one more level for what does not count.

    Raises:
        ValueError: more numbers than can be counted through.
    """
    if rows * (levels.count + 1) >= 2**31:
        raise ValueError(
            f"{rows:,} units (times labels) with {levels.count:,} levels each are more than 2**31 counts; tell apart "
            "fewer digits, or take fewer units"
        )
    found = np.empty((rows, levels.count + 1), np.int32)
    found.fill(0)  # in large pages, unlike np.zeros: a tenth of the time until all of it was written to
    return found


def values(levels: Levels) -> Float[np.ndarray, "level"]:
    """Return the number that each level stands for: of those that share one, the nearest to 0, or half the smallest."""
    place = np.arange(levels.side - 1) + ((levels.lowest + BIAS) << levels.digits)
    bits = (place << (DIGITS - levels.digits + 16)).astype(np.uint32)
    above = bits.view(np.float32).astype(np.float64)
    above = np.concatenate([[2.0 ** (levels.lowest - 1)], above])
    above[-1] = 2.0**levels.highest
    return np.concatenate([-above[::-1], [0.0], above])


def exact(count: Int[Any, "unit level"], levels: Levels) -> Bool[np.ndarray, "unit"]:
    """Tell of each unit whether all its numbers have a level of their own."""
    edge = [0, levels.side - 1, levels.side + 1, levels.count - 1]
    return np.full(len(count), levels.digits == DIGITS) & ~np.asarray(count)[:, edge].any(axis=1)
