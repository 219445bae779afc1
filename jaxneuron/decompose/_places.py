"""Places of tokens, or of units, in a space of few dimensions: principal components, or UMAP of those."""

from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial.distance import squareform

from jaxneuron import batching
from jaxneuron.decompose._components import codes, components, leading
from jaxneuron.decompose._correlation import correlation

Reduction = Literal["pca", "umap"]
"""Principal components; or UMAP (McInnes et al. 2018, arXiv:1802.03426), which keeps neighbours together."""

Points = Literal["tokens", "units"]
"""What has a place: a token by its activations, or a unit by its own, standardised: near are units that correlate."""

COMPONENTS = 50
"""Principal components that UMAP gets: what is left is noise, and finding neighbours takes a share of the time."""


def places(
    key: Array,
    activations: Any,
    *,
    of: Points = "tokens",
    reduction: Reduction = "pca",
    dimensions: int = 2,
    neighbours: int = 15,
    budget: int = batching.BUDGET,
) -> Float[np.ndarray, "point dimension"]:
    """Return where each token, or each unit, lies.

    Args:
        key: one key, for UMAP.
        activations: checked by `_near.check`.
        of: what has a place.
        reduction: how the dimensions become few.
        dimensions: how many there are.
        neighbours: of each point, that UMAP keeps near.
        budget: bytes for a block of tokens.

    Raises:
        ModuleNotFoundError: UMAP is not installed.
    """
    tokens, units = activations.shape
    points = tokens if of == "tokens" else units
    if points <= dimensions or (reduction == "umap" and points <= dimensions + 1):
        raise ValueError(
            f"expected more {of} than dimensions, got {points} and {dimensions}; ask for fewer dimensions, or give more"
        )
    wide = min(COMPONENTS if reduction == "umap" else dimensions, tokens, units)
    if of == "tokens":
        found = components(activations, wide, budget=budget)
        near = np.asarray(codes(activations, found.basis.T / found.scale, found.mean, budget))
    else:
        near = _units(activations, wide, budget)
    return near if reduction == "pca" else _umap(key, near, dimensions, min(neighbours, points - 1))


def _units(activations: Any, dimensions: int, budget: int) -> Float[np.ndarray, "unit dimension"]:
    """Return the principal components of the standardised units, from their correlations: classical scaling."""
    products = squareform(correlation(activations, budget=budget))
    np.fill_diagonal(products, 1)
    products -= products.mean(axis=0)
    products -= products.mean(axis=1, keepdims=True)
    values, vectors = leading(products, dimensions)
    return vectors * np.sqrt(np.maximum(values, 0))


def _umap(key: Array, points: Float[np.ndarray, "point axis"], dimensions: int, neighbours: int) -> Any:
    try:
        import umap  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "UMAP needs the package umap-learn: `pip install 'jaxneuron-nlp[umap]'`; or take the reduction pca"
        ) from error
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    start = "spectral" if len(points) > dimensions + 2 else "random"
    return umap.UMAP(
        n_neighbors=neighbours, n_components=dimensions, min_dist=0.0, init=start, random_state=seed, n_jobs=1
    ).fit_transform(points)
