"""Positions that need no table of rows: sines of the place, buckets of the distance of two words, biases by distance.

Vaswani et al. 2017 (arXiv 1706.03762), all sines before all cosines as in Marian (Junczys-Dowmunt et al. 2018, arXiv
1804.00344); Raffel et al. 2020 (T5, arXiv 1910.10683); Press et al. 2021 (ALiBi, arXiv 2108.12409).
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


def sines(time: Int[Array, "time"], width: int) -> Float[Array, "time unit"]:
    """Return the row of each place: sines of falling frequency, then the cosines of the same ones.

    Example:
        >>> sines(jnp.array([0]), 4).tolist()
        [[0.0, 0.0, 1.0, 1.0]]
    """
    frequency = 10_000.0 ** -(jnp.arange(0, width, 2) / width)
    angle = time[:, None] * frequency[None]
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=-1)[:, :width]


def buckets(
    time: Int[Array, "time"], key: Int[Array, "key"], *, count: int, farthest: int, both: bool
) -> Int[Array, "time key"]:
    """Return which of `count` buckets the distance from a word to a key falls into.

    Small distances have a bucket each, larger ones share buckets that grow with their logarithm, and all from
    `farthest` on share the last.

    Args:
        time: places of the words that look.
        key: places of the words that are looked at.
        count: buckets; even where `both`.
        farthest: see above; more than the distances with a bucket of their own.
        both: half of the buckets are for keys that follow; otherwise those count as distance 0.

    Example:
        >>> buckets(jnp.array([9]), jnp.arange(12), count=8, farthest=10, both=True).tolist()
        [[3, 3, 3, 3, 3, 2, 2, 2, 1, 0, 5, 6]]
    """
    one_side = count // 2 if both else count
    exact = one_side // 2
    distance = np.arange(farthest + 1, dtype=np.float32)
    # in float32, as the models were trained, and on the host, where rounding is the same wherever the model runs
    steps = np.log(np.maximum(distance, 1) / np.float32(exact)) / np.float32(math.log(farthest / exact))
    grown = np.minimum(exact + (steps * np.float32(one_side - exact)).astype(int), one_side - 1)
    table = jnp.asarray(np.where(distance < exact, distance, grown).astype(np.int32))
    away = key[None] - time[:, None]
    distance = jnp.abs(away) if both else jnp.maximum(-away, 0)
    return table[jnp.minimum(distance, farthest)] + (one_side * (away > 0) if both else 0)


def slopes(heads: int) -> np.ndarray:
    """Return each head's bias per word of distance: powers of two, and between them for the heads that are left over.

    Example:
        >>> slopes(4).tolist()
        [0.25, 0.0625, 0.015625, 0.00390625]
    """
    power = 2 ** int(math.log2(heads))
    first = [2 ** (-8 * (n + 1) / power) for n in range(power)]
    return np.array(first + [2 ** (-4 * (2 * n + 1) / power) for n in range(heads - power)])


def linear_bias(heads: int, position: Int[Array, "#batch key"]) -> Float[Array, "#batch head 1 key"]:
    """Return what is added to the scores of each key: the same for all queries, as softmax takes differences.

    Args:
        heads: of queries.
        position: of the keys, in their text.
    """
    slope = jnp.asarray(slopes(heads), jnp.float32)
    return slope[None, :, None, None] * position.astype(jnp.float32)[:, None, None, :]
