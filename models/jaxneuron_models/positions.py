"""Positions that need no table of rows: sines of the place, and biases that fall with the distance.

Vaswani et al. 2017 (arXiv 1706.03762), all sines before all cosines as in Marian (Junczys-Dowmunt et al. 2018, arXiv
1804.00344); Press et al. 2021 (ALiBi, arXiv 2108.12409).
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
