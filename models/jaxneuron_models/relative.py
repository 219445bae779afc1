"""Rows for distances between words: near ones have a row each, farther ones share one with ever more neighbours.

Raffel et al. 2020 (arXiv 1910.10683), whose buckets MPNet has (Song et al. 2020, arXiv 2004.09297); He et al. 2021
(DeBERTa, arXiv 2006.03654). A row is found in numpy, in float32 as the models were trained, for every distance that a
text of this length has: the compiled model looks it up.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

FARTHEST = 128
"""The distance from which on all words of a side share a bucket, in MPNet."""


def bucket(distance: np.ndarray, *, count: int, farthest: int, both: bool) -> np.ndarray:
    """Return which of `count` buckets each distance falls into.

    Small distances have a bucket each, larger ones share buckets that grow with their logarithm, and all from
    `farthest` on share the last.

    Args:
        distance: of the word looked at from the word that looks; negative where it looks back.
        count: buckets; even where `both`.
        farthest: see above; more than the distances with a bucket of their own.
        both: half of the buckets are for words that follow; otherwise those count as distance 0.

    Example:
        >>> bucket(np.arange(-9, 3), count=8, farthest=10, both=True).tolist()
        [3, 3, 3, 3, 3, 2, 2, 2, 1, 0, 5, 6]
    """
    side = count // 2 if both else count
    exact = side // 2
    far = np.abs(distance) if both else np.maximum(-distance, 0)
    share = np.log(np.maximum(far, 1).astype(np.float32) / np.float32(exact)) / np.float32(math.log(farthest / exact))
    shared = np.minimum(exact + (share * np.float32(side - exact)).astype(np.int64), side - 1)
    return np.where(far < exact, far, shared) + (side * (distance > 0) if both else 0)


def buckets(
    time: Int[Array, "time"], key: Int[Array, "key"], *, count: int, farthest: int, both: bool
) -> Int[Array, "time key"]:
    """Return the bucket of each key, by its place and those of the words that look; see `bucket`.

    Args:
        time: places of the words that look.
        key: places of the keys.
        count: buckets.
        farthest: the distance from which there is one bucket.
        both: whether a word sees both sides.

    Example:
        >>> buckets(jnp.array([9]), jnp.arange(12), count=8, farthest=10, both=True).tolist()
        [[3, 3, 3, 3, 3, 2, 2, 2, 1, 0, 5, 6]]
    """
    table = bucket(np.arange(-farthest, farthest + 1), count=count, farthest=farthest, both=both)
    distance = jnp.clip(key[None] - time[:, None], -farthest, farthest)
    return jnp.asarray(table, jnp.int32)[distance + farthest]


class Biases(NamedTuple):
    """Each head has a number for each bucket of distances, which is added to its scores; T5's rule for both sides.

    Example:
        >>> Biases(32).row(np.array([-200, -20, -1, 0, 1, 20, 200])).tolist()
        [15, 10, 1, 0, 17, 26, 31]
    """

    buckets: int  # at least 4; a half of them for each side

    def shape(self, heads: int, width: int) -> tuple[int, int]:
        """Return rows and units of the table."""
        return self.buckets, heads

    def row(self, distance: np.ndarray) -> np.ndarray:
        """Return the row of each distance, of the word looked at from the word that looks."""
        return bucket(distance, count=self.buckets, farthest=FARTHEST, both=True)


class Vectors(NamedTuple):
    """Each distance has a vector, of which the blocks make keys and queries: see `disentangled.py`.

    Example:
        >>> Vectors(4).row(np.array([-9, -1, 0, 1, 9])).tolist()
        [7, 5, 4, 3, 0]
    """

    span: int  # rows for each side; what is farther has the last one
    buckets: int = 0  # distances of up to a half of it have a row each, others share by their logarithm; 0: none share
    farthest: int = 0  # with `buckets`: one more than the distance that has the last row
    parts: tuple[str, ...] = ("c2p", "p2c")  # queries meet keys of the distance, keys meet queries of it
    shared: bool = False  # made with the words' own matrices
    norm: bool = False  # of the vectors

    def shape(self, heads: int, width: int) -> tuple[int, int]:
        """Return rows and units of the table."""
        return 2 * self.span, width

    def row(self, distance: np.ndarray) -> np.ndarray:
        """Return the row of each distance: that of a word itself is in the middle, those it looks back to follow."""
        back, far = -distance, np.abs(distance)
        if self.buckets:
            middle = self.buckets // 2
            share = np.log(np.maximum(far, middle).astype(np.float32) / np.float32(middle))
            share = share / np.log(np.float32((self.farthest - 1) / middle))
            shared = (np.ceil(share * np.float32(middle - 1)) + middle).astype(np.int64)
            back = np.where(far <= middle, back, shared * np.sign(back))
        return np.clip(back + self.span, 0, 2 * self.span - 1)


def rows(relative: Biases | Vectors, position: Int[Array, "#batch time"]) -> Int[Array, "#batch time key"]:
    """Return the row for every pair of words, from their positions in the sentence, each less than `time`."""
    farthest = position.shape[1] - 1
    table = jnp.asarray(relative.row(np.arange(-farthest, farthest + 1)), jnp.int32)
    return table[position[:, None, :] - position[:, :, None] + farthest]
