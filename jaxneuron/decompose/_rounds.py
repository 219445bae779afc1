"""The rows of large tables in a random order, with bounded memory: rounds of steps, each over rows that are held.

A table that fits the budget is held as a whole, and its rows come in a new order in each epoch. Of a larger one, a
round holds runs of rows from all over the table, chosen anew in each epoch, and mixes these. What a round holds follows
from its number alone, so that a training that was stopped goes on with the same rows.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.table import Checked, Table

RUN = 1024
"""Rows that are read together: a few sentences, or a chunk of a store."""

STEPS = 100
"""Steps of a round over a table that is held as a whole: how often it is told how far it is, and saved."""


class Round(NamedTuple):
    """Rows, and which of them each step takes."""

    rows: tuple[Float[Array, "row unit"], ...]  # of each table
    index: Int[Array, "step batch"]


class Rounds(NamedTuple):
    """All rounds of a training."""

    count: int
    steps: int  # of each round
    batch: int  # rows of a step
    load: Callable[[int], Round]


def rounds(tables: Sequence[Table], *, seed: int, batch: int, steps: int, budget: int) -> Rounds:
    """Plan a training.

    Args:
        tables: whose rows belong together.
        seed: of the order.
        batch: rows of a step; at most all.
        steps: at least so many, in even rounds.
        budget: bytes for the rows that are held.
    """
    checked = [Checked(table) for table in tables]
    total, width = checked[0].shape[0], sum(table.shape[1] for table in checked)
    batch = min(batch, total)
    if 4 * total * width <= budget or total <= max(RUN, batch):
        return _whole(checked, seed, batch, steps)
    runs = -(-total // RUN)
    held = max(budget // (4 * width * RUN), -(-batch // RUN), 1)
    blocks = -(-runs // held)
    held = max(-(-runs // blocks), -(-batch // RUN))  # even blocks
    each = held * RUN // batch
    starts = np.minimum(np.arange(runs) * RUN, total - RUN)  # the last run is as long as the others

    def load(number: int) -> Round:
        epoch, block = divmod(number, blocks)
        order = np.resize(_random(seed, epoch).permutation(runs), blocks * held)[block * held : (block + 1) * held]
        rows = tuple(np.concatenate([table[start : start + RUN] for start in starts[order]]) for table in checked)
        index = _random(seed, epoch, block).permutation(held * RUN)[: each * batch]
        return Round(tuple(map(jnp.asarray, rows)), jnp.asarray(index.reshape(each, batch), jnp.int32))

    return Rounds(-(-steps // each), each, batch, load)


def sample(tables: Sequence[Table], seed: int, rows: int) -> tuple[Float[np.ndarray, "row unit"], ...]:
    """Return some rows from all over the tables, or all."""
    checked = [Checked(table, exact=True) for table in tables]
    total = checked[0].shape[0]
    if total <= rows:
        return tuple(table[:] for table in checked)
    length = min(RUN // 4, rows)
    starts = np.sort(_random(seed, 0, 0, 0).integers(0, total - length + 1, size=max(rows // length, 1)))
    return tuple(np.concatenate([table[start : start + length] for start in starts.tolist()]) for table in checked)


def _whole(tables: Sequence[Checked], seed: int, batch: int, steps: int) -> Rounds:
    total = tables[0].shape[0]
    count = -(-steps // STEPS)
    each = -(-steps // count)
    rows = tuple(jnp.asarray(table[:]) for table in tables)

    def load(number: int) -> Round:
        first, last = number * each * batch, (number + 1) * each * batch
        epochs = range(first // total, (last - 1) // total + 1)
        order = np.concatenate([_random(seed, epoch).permutation(total) for epoch in epochs])
        index = order[first - epochs[0] * total :][: each * batch]
        return Round(rows, jnp.asarray(index.reshape(each, batch), jnp.int32))

    return Rounds(count, each, batch, load)


def _random(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(numbers)
