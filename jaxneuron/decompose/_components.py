"""Principal components from the sums of products of the units, which stream over a table.

All products are those of scipy's BLAS, whose threads work on: NumPy has a BLAS of its own, and the threads of the one
that has just been asked wait for more, busily, on the cores of the other.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import linalg, sparse
from scipy.linalg import get_blas_funcs

from jaxneuron import batching
from jaxneuron.decompose._moments import Joint, moments
from jaxneuron.table import Checked, spans

LARGE, FEW = 1024, 20
"""Of a matrix larger than that, a few eigenvectors (fewer than one in so many) come of Lanczos's method, sooner."""

LONG = 4096
"""Tokens at a time, at most, of which the codes are computed: each product wakes the threads anew."""


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
    upper: Float[np.ndarray, "unit unit"], count: int
) -> tuple[Float[np.ndarray, "count"], Float[np.ndarray, "unit count"]]:
    """Return the largest eigenvalues of a symmetric matrix, from the largest on, and their vectors.

    Args:
        upper: the matrix, of which the upper half is read, with the diagonal; it is overwritten.
        count: how many.
    """
    last = len(upper) - 1
    lower = upper.T  # in the order of Fortran, which LAPACK reads without a copy
    if len(upper) > LARGE and count * FEW < len(upper) and upper.any():
        times: Any = get_blas_funcs("symv", (lower,))
        given = sparse.linalg.LinearOperator(upper.shape, lambda x: times(1.0, lower, x, lower=1), dtype=upper.dtype)
        start = np.random.default_rng(0).normal(size=len(upper))
        values, vectors = sparse.linalg.eigsh(given, count, v0=start)
    else:
        values, vectors = linalg.eigh(lower, subset_by_index=(last - count + 1, last), overwrite_a=True)
    return values[::-1], vectors[:, ::-1]


def _covariance(found: Joint, scale: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit unit"]:
    """Return the upper half."""
    upper = found.products.astype(np.float64)
    add: Any = get_blas_funcs("syr", (upper,))
    upper = add(-1 / found.tokens, found.sums, a=upper.T, lower=1, overwrite_a=1).T
    upper *= scale[:, None]
    upper *= scale / (found.tokens - 1)
    return upper


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
    times: Any = get_blas_funcs("gemm", dtype=kind)
    fits = batching.chunk_size(4 * units * (checked.copies + 2), tokens, budget)
    for here in spans(tokens, min(fits, LONG), None):  # that all are finite, the sums of products have shown
        np.subtract(times(1.0, weights.T, (checked.unchecked(here) - shift).T).T, rest, out=found[here])
    with np.errstate(over="ignore"):
        held = jnp.asarray(found, jax.dtypes.canonicalize_dtype(kind))
    if not bool(jnp.all(jnp.isfinite(held))):
        raise ValueError(
            f"the codes go up to {np.abs(found).max():g}, more than {held.dtype} holds; divide the activations by "
            "their scale"
        )
    return held
