"""Clusters as factors: of tokens, or of units."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxneuron.decompose._near import Near
from jaxneuron.types import Factors


def of_tokens(found: Near, group: Int[np.ndarray, "token"], factors: int, settled: Any = True) -> Factors:
    """Return clusters of tokens: one-hot codes, and the clusters' mean activations as the basis.

    Raises:
        ValueError: the means are more than the type holds.
    """
    kind = found.values.dtype
    codes = jnp.asarray(group[:, None] == np.arange(factors), kind)
    return Factors(codes, _held(np.asarray(_means(found.values, codes)), found, kind), settled)


def of_units(found: Near, group: Int[np.ndarray, "unit"], factors: int, settled: Any = True) -> Factors:
    """Return clusters of units: a one-hot basis, and the clusters' mean activations as codes.

    Raises:
        ValueError: the means are more than the type holds.
    """
    kind = found.values.dtype
    basis = np.asarray(group == np.arange(factors)[:, None], np.float32)
    share = basis / np.maximum(basis.sum(axis=1, keepdims=True), 1)
    means = np.asarray(found.values) @ share.T.astype(kind)
    moved = found._replace(shift=share.astype(np.float64) @ found.shift)
    return Factors(_held(means, moved, kind), jnp.asarray(basis), settled)


def first_largest(names: Int[np.ndarray, "item"]) -> Int[np.ndarray, "item"]:
    """Return groups numbered anew: 0 is the largest, and of equally large ones the one with the first item."""
    _, first, group, sizes = np.unique(names, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(first), np.int64)
    place[np.lexsort((first, -sizes))] = np.arange(len(first))
    return place[group]


@jax.jit
def _means(x: Float[Array, "token unit"], codes: Float[Array, "token factor"]) -> Float[Array, "factor unit"]:
    sizes = jnp.maximum(jnp.sum(codes, axis=0), 1)
    return jnp.matmul(codes.T, x, precision="highest") / sizes[:, None]


def _held(means: np.ndarray, found: Near, kind: Any) -> Array:
    with np.errstate(over="ignore"):
        held = jnp.asarray(means.astype(np.float64) * found.scale + found.shift, kind)
    if not bool(jnp.all(jnp.isfinite(held))):
        raise ValueError(f"the clusters' means are more than {held.dtype} holds; divide the activations by their scale")
    return held
