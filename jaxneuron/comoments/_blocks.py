"""The sums over one block of tokens, of single precision on the device."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

LONGEST, PART = 4096, 256
"""Tokens whose products are summed in single precision, and of which so many at a time by the matrix product: then the
error stays below 1e-6 of what the units vary, whatever the order in which a device adds."""


class _Rows(NamedTuple):
    """A block of one model, centred and scaled to 1, and by what."""

    values: Float[Array, "token unit"]
    mean: Float[Array, "unit"]  # less the first row
    scale: Float[Array, "unit"]


def narrow(block: np.ndarray, first: int, valid: np.ndarray) -> tuple[np.ndarray, Any, Any]:
    """Return a block as float32, what was taken off, and by what it was divided: nothing where it is float32."""
    if block.dtype != np.float64:
        return block.astype(np.float32, copy=False), 0.0, 1.0
    shift = block[first]
    centred = np.where(valid[:, None], block - shift, 0)
    mean = centred.sum(axis=0) / valid.sum()
    centred = np.where(valid[:, None], centred - mean, 0)
    top = np.abs(centred).max(axis=0)
    scale = np.where(top > 0, top, 1.0)
    return (centred / scale).astype(np.float32), shift + mean, scale


@partial(jax.jit, static_argnames="layers")
def summed(
    valid: Bool[Any, "token"],
    first: Any,
    a: Float[Any, "token unit"],
    b: Float[Any, "token other"],
    *,
    layers: tuple[tuple[int, ...], tuple[int, ...]],
) -> Any:
    """Return mean, scale, squares and products of both models, and the products of both together."""
    left, right = (_standard(valid, first, jnp.asarray(block)) for block in (a, b))
    sides = []
    for rows, widths in ((left, layers[0]), (right, layers[1])):
        parts = jnp.split(rows.values, np.cumsum(widths)[:-1].tolist(), axis=1) if widths else []
        square = jnp.sum(jnp.sum(_parted(rows.values) ** 2, axis=1), axis=0)
        sides.append((rows.mean, rows.scale, square, [_product(part, part) for part in parts]))
    return *sides, _product(left.values, right.values)


def _product(x: Float[Array, "token unit"], y: Float[Array, "token other"]) -> Float[Array, "unit other"]:
    """Return `x' y`, summed over a part of the tokens after another."""

    def add(total: Array, part: tuple[Array, Array]) -> tuple[Array, None]:
        return total + jnp.matmul(part[0].T, part[1], precision="highest"), None

    return jax.lax.scan(add, jnp.zeros((x.shape[1], y.shape[1]), x.dtype), (_parted(x), _parted(y)))[0]


def _parted(x: Float[Array, "token unit"]) -> Float[Array, "part part_token unit"]:
    return jnp.pad(x, [(0, -len(x) % PART), (0, 0)]).reshape(-1, PART, x.shape[1])


def _standard(valid: Bool[Array, "token"], first: Any, block: Float[Array, "token unit"]) -> _Rows:
    """Centre units and scale them to 1 at most, by a power of two; what never changes is exactly 0."""
    here, count = valid[:, None], jnp.sum(valid)
    values, mean = jnp.where(here, block - block[first][None], 0), jnp.zeros(block.shape[1], block.dtype)
    for _ in range(2):  # the second time takes off what rounding left
        rest = jnp.sum(values, axis=0) / count
        values, mean = jnp.where(here, values - rest[None], 0), mean + rest
    top = jnp.max(jnp.abs(values), axis=0)
    scale = jnp.where(top > 0, jnp.exp2(jnp.frexp(top)[1].astype(block.dtype)), 1)
    return _Rows(values / scale[None], mean, scale)
