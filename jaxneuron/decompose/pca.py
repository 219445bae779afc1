"""Directions along which the activations vary most, each at a right angle to those before: principal components.

Pearson 1901, Hotelling 1933. The covariance comes from sums that stream over a table, its eigenvectors are LAPACK's; so
there is no limit to the number of tokens, and up to some thousand units. For the units of layers see Dalvi et al. 2020
(arXiv 2004.04010), who ask how many of them say anything of their own.

Cost:
    No pass of the model: the activations are read twice in blocks, and one eigendecomposition of `units^2`.

Fails:
    Directions of much variance are not those that mean something; a few units of large scale take the first ones.
    Components of equal variance may be turned into each other.

Peers:
    scikit-learn's PCA, equal but for the sign; it holds all activations.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import batching
from jaxneuron.decompose._components import codes, components
from jaxneuron.decompose._near import check
from jaxneuron.table import Table
from jaxneuron.types import Factors


def decompose(
    key: Array | None,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    budget: int = batching.BUDGET,
    progress: batching.Progress | None = None,
) -> Factors:
    """Find the principal components: `activations ≈ mean + codes @ basis`, with the least squared error.

    Args:
        key: not used: nothing is random here.
        activations: of a sample of tokens, as an array or a site of a store, read in blocks.
        factors: components, at most as many as tokens or units.
        budget: bytes for a block of tokens.
        progress: called after each block.

    Returns:
        `basis` is orthonormal, the component with the largest variance first, the largest entry of each above 0;
        `codes` are the places along it, of mean 0, in the activations' unit.

    Raises:
        TypeError: activations that are no real numbers.
        ValueError: more factors than tokens or units, or an activation that is not finite.

    Example:
        >>> found = decompose(None, np.array([[0.0, 1.0], [3.0, 5.0], [6.0, 9.0]]), factors=1)
        >>> print(np.asarray(found.basis).round(3), np.asarray(found.codes)[:, 0].round(3))
        [[0.6 0.8]] [-5.  0.  5.]
    """
    del key
    check(activations, factors)
    found = components(activations, factors, budget=budget, progress=progress)
    basis = jnp.asarray(found.basis.astype(np.float32))
    return Factors(codes(activations, found.basis.T, found.mean, budget), basis)
