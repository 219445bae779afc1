"""Training data in passes: blocks of words in shuffled order, standardised, no more of them in memory than a budget."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from jaxneuron import _labels, batching
from jaxneuron.table import Checked, Table

ROUNDED = 1e-3
"""The share of a unit's standard deviation that float32 may round off where units are not standardised."""


class Kind(NamedTuple):
    """What the labels are, and so which loss fits them; hashable."""

    loss: str  # "softmax" for classes, "sigmoid" for concepts, "squares" for numbers
    count: int  # rows of the probe


class Block(NamedTuple):
    """Some tokens on the device; all blocks of one data set have one shape, the last is padded."""

    activations: Array  # [token, unit]
    labels: Array  # [token] for classes, else [token, label]
    first: int  # which token comes first
    count: int  # how many are no padding


def prepared(labels: Any, tokens: int) -> tuple[np.ndarray, Kind]:
    """Return labels as a loss needs them: classes as they are, the others as a table of numbers.

    Raises:
        TypeError, ValueError: see `_labels`.
    """
    plain = _labels.checked(labels, tokens)
    if plain.dtype.kind in "iu":
        ids, count = _labels.classes(plain, tokens)
        return ids, Kind("softmax", count)
    table = _labels.numbers(plain, tokens)
    if plain.dtype == bool and (all_equal := np.flatnonzero(table.min(axis=0) == table.max(axis=0))).size:
        raise ValueError(f"concept {all_equal[0]} holds for all of the {tokens} tokens or for none; leave it out")
    return table, Kind("sigmoid" if plain.dtype == bool else "squares", table.shape[1])


def held_out(labels: Any, tokens: int, kind: Kind) -> np.ndarray:
    """Return the labels of other data as `prepared` does; a single class will do there.

    Raises:
        TypeError, ValueError: see `_labels`; labels of another kind, or classes that training has not.
    """
    plain = _labels.checked(labels, tokens)
    loss = {"b": "sigmoid", "f": "squares"}.get(plain.dtype.kind, "softmax")
    if loss != kind.loss:
        raise ValueError(f"expected held-out labels of the kind that the training labels are, got {plain.dtype}")
    if loss == "softmax":
        if plain.max() >= kind.count:
            raise ValueError(f"held-out data has class {plain.max()}, training the classes 0 to {kind.count - 1} only")
        return plain.astype(np.int32)
    table = plain.reshape(tokens, -1).astype(np.float32)
    if table.shape[1] != kind.count:
        raise ValueError(f"expected {kind.count} columns of held-out labels, as in training, got {table.shape[1]}")
    return table


class Blocks:
    """Activations and labels of a data set, a block at a time; what fits the budget stays on the device."""

    def __init__(self, activations: Table, labels: np.ndarray, units: np.ndarray | None, budget: int, extra: int = 0):
        """Plan the blocks.

        Args:
            activations: of each token.
            labels: of each token.
            units: which columns to keep, or None for all.
            budget: bytes for a block.
            extra: numbers that are computed from each token and held with it.
        """
        self._checked = Checked(activations, exact=True)
        self.labels = labels
        self._units = units
        self.tokens = len(self._checked)
        self.wide = self._checked.dtype == np.float64  # which the device does not hold
        self._host_moments: tuple[np.ndarray, np.ndarray] | None = None
        self.units = self._checked.shape[1] if units is None else len(units)
        self.size = batching.chunk_size(4 * (self._checked.copies * self.units + extra), self.tokens, budget)
        self._starts = range(0, self.tokens, self.size)
        self._kept: Block | None = None

    def __len__(self) -> int:
        return len(self._starts)

    def _host(self, first: int) -> np.ndarray:
        part = self._checked[first : first + self.size]
        return part if self._units is None else part[:, self._units]

    def _read(self, first: int) -> Block:
        if self._kept is not None:
            return self._kept
        part, labels = self._host(first), self.labels[first : first + self.size]
        if self._host_moments is not None:
            part = ((part - self._host_moments[0]) / self._host_moments[1]).astype(np.float32)
        missing = self.size - len(part)
        if missing:
            part, labels = (np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1)) for x in (part, labels))
        block = Block(jnp.asarray(part), jnp.asarray(labels), first, self.size - missing)
        if len(self) == 1:
            self._kept = block
        return block

    def standardised_by(self, mean: np.ndarray, scale: np.ndarray) -> tuple[Array, Array]:
        """Return what remains to be taken off the blocks, and what they are to be divided by, in float32.

        Nothing where the numbers are wide: from now on they are standardised before they are cut to float32.
        """
        if self.wide:
            self._host_moments = mean, scale
            return jnp.zeros(self.units, jnp.float32), jnp.ones(self.units, jnp.float32)
        return jnp.asarray(mean, jnp.float32), jnp.asarray(scale, jnp.float32)

    def check_single(self, spread: np.ndarray) -> None:
        """Check that float32 holds wide numbers as they are: what it rounds off is small beside each unit's spread.

        Raises:
            ValueError: it does not; the message names the first unit.
        """
        if not self.wide:
            return
        for first in self._starts:
            host = self._host(first)
            with np.errstate(over="ignore", under="ignore"):
                single = host.astype(np.float32)
            single[np.abs(single) < np.finfo(np.float32).tiny] = 0  # as the device takes them
            lost = np.abs(single - host).max(axis=0, initial=0) > ROUNDED * spread
            if lost.any():
                place = int(np.argmax(lost))
                unit = place if self._units is None else int(self._units[place])
                raise ValueError(
                    f"unit {unit} has a standard deviation of {spread[place]:g} and values near {host[0, place]:g}, "
                    "which float32 does not tell apart; leave standardise=True, or subtract the mean and divide by the "
                    "scale before"
                )

    def shuffled(self, rng: np.random.Generator | None) -> Iterator[Block]:
        """Yield the blocks in the order of the draw, or in their own."""
        for i in range(len(self)) if rng is None else rng.permutation(len(self)):
            yield self._read(self._starts[i])

    def moments(self, standardise: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return each unit's mean and standard deviation, 1 where it never changes; in one pass.

        Sums are of differences from the first token, in float64: a constant unit comes out as exactly that, and no
        scale is too large or too small. Zeros and ones if nothing is to be standardised.
        """
        if not standardise:
            return np.zeros(self.units), np.ones(self.units)
        total, squares = np.zeros(self.units), np.zeros(self.units)
        step = max(1, 2**20 // max(self.units, 1))
        shift = self._checked[:1][0][slice(None) if self._units is None else self._units].astype(np.float64)
        for first in self._starts:
            host = self._host(first)
            for start in range(0, len(host), step):
                part = host[start : start + step] - shift
                total += part.sum(axis=0)
                squares += np.einsum("tu,tu->u", part, part)
        mean = total / self.tokens
        deviation = np.sqrt(np.maximum(squares / self.tokens - mean**2, 0))
        return shift + mean, np.where(deviation > 0, deviation, 1)
