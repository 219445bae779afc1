"""Principal components from the sums of products of the units, which stream over a table."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import linalg, sparse

from jaxneuron import batching
from jaxneuron.decompose._moments import Joint, moments
from jaxneuron.table import Checked

LARGE, FEW = 1024, 20
"""Of a matrix larger than that, a few eigenvectors (fewer than one in so many) come of Lanczos's method, sooner."""


class Components(NamedTuple):
    """The directions along which activations vary most."""

    basis: Float[np.ndarray, "factor unit"]  # orthonormal, the largest entry of each above 0
    variance: Float[np.ndarray, "factor"]  # from the largest on, in the activations' unit squared over `scale` squared
    mean: Float[np.ndarray, "unit"]
    scale: float  # what the units are divided by


def components(
    activations: Any, factors: int, *, budget: int = batching.BUDGET, progress: batching.Progress | None = None
) -> Components:
    """Return the leading eigenvectors of the covariance.

    Args:
        activations: checked by `_near.check`.
        factors: how many.
        budget: bytes for the blocks of tokens.
        progress: called after each block.

    Raises:
        ValueError: as `_moments.moments`.
    """
    found = moments(activations, budget=budget, progress=progress)
    scale = float(found.near.scale.max())
    values, vectors = leading(_covariance(found, found.near.scale / scale), factors)
    sign = np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(factors)] < 0, -1, 1)
    return Components((vectors * sign).T, np.maximum(values, 0), found.mean, scale)


def leading(
    matrix: Float[np.ndarray, "unit unit"], count: int
) -> tuple[Float[np.ndarray, "count"], Float[np.ndarray, "unit count"]]:
    """Return the largest eigenvalues of a symmetric matrix, from the largest on, and their vectors."""
    last = len(matrix) - 1
    if len(matrix) > LARGE and count * FEW < len(matrix) and matrix.any():
        start = np.random.default_rng(0).normal(size=len(matrix))
        values, vectors = sparse.linalg.eigsh(matrix, count, v0=start)
        return values[::-1], vectors[:, ::-1]
    values, vectors = linalg.eigh(matrix, subset_by_index=(last - count + 1, last), overwrite_a=True)
    return values[::-1], vectors[:, ::-1]


def _covariance(found: Joint, scale: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit unit"]:
    full = np.triu(found.products).astype(np.float64)
    full += np.triu(full, 1).T
    full -= np.outer(found.sums, found.sums / found.tokens)
    full *= scale[:, None] * scale / (found.tokens - 1)
    return full


def codes(
    activations: Any, weights: Float[np.ndarray, "unit factor"], mean: Float[np.ndarray, "unit"], budget: int
) -> Float[Array, "token factor"]:
    """Return `(activations - mean) @ weights`, a block of tokens at a time.

    Raises:
        ValueError: they are more than the type holds.
    """
    checked = Checked(activations, exact=True)
    tokens, units = checked.shape
    kind = checked.dtype
    found = np.empty((tokens, weights.shape[1]), kind)
    shift = mean.astype(kind)
    rest = ((mean - shift) @ weights).astype(kind)  # far from 0, single precision is too coarse for a mean
    weights = weights.astype(kind)
    chunk = batching.chunk_size(4 * units * (checked.copies + 2), tokens, budget)
    for here, block in checked.blocks(chunk):
        found[here] = (block - shift) @ weights - rest
    with np.errstate(over="ignore"):
        held = jnp.asarray(found, jax.dtypes.canonicalize_dtype(kind))
    if not bool(jnp.all(jnp.isfinite(held))):
        raise ValueError(
            f"the codes go up to {np.abs(found).max():g}, more than {held.dtype} holds; divide the activations by "
            "their scale"
        )
    return held
