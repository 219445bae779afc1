"""Groups of tokens (or of units) that lie together once the activations are reduced to a few dimensions.

Activations are brought to their principal components, or to a space of few dimensions in which neighbours stay
together (UMAP, McInnes et al. 2018, arXiv:1802.03426), and clustered there by k-means. In the space of all units
distances say little: a few units of large variance decide them.

Cost:
    No pass of the model: the activations are held and decomposed once; `restarts` runs of k-means in a few dimensions.
    UMAP takes most of the time where it is asked for.

Fails:
    The number of clusters is yours, and there is always an answer. UMAP may tear one group into several, and another
    key gives another picture.

Peers:
    scikit-learn's PCA and KMeans, umap-learn; the same steps, with the whole of k-means on the device.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxneuron import _keys, batching
from jaxneuron.decompose._clusters import of_tokens, of_units
from jaxneuron.decompose._lloyd import k_means
from jaxneuron.decompose._near import check, near
from jaxneuron.decompose._places import Points, Reduction, places
from jaxneuron.table import Table
from jaxneuron.types import Factors

__all__ = ["Points", "Reduction", "decompose", "places"]


def decompose(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    of: Points = "tokens",
    reduction: Reduction = "pca",
    dimensions: int = 10,
    neighbours: int = 15,
    restarts: int = 4,
    steps: int = 1_000,
    budget: int = batching.BUDGET,
) -> Factors:
    """Cluster tokens or units after their activations were reduced to a few dimensions.

    Args:
        key: one key, for the seeds and for UMAP.
        activations: of a sample of tokens; all of them are held.
        factors: clusters, at most as many as there are tokens (or units).
        of: whether tokens are clustered, by their activations, or units, by how they correlate.
        reduction: to principal components, or by UMAP.
        dimensions: how many; fewer where there are not as many tokens or units.
        neighbours: of each token, that UMAP keeps near.
        restarts: starts of k-means, of which the best is kept.
        steps: at most, of each start.
        budget: bytes for a block of tokens, where the components are found.

    Returns:
        Of tokens: `codes` have a 1 for each token's cluster, `basis` are the clusters' mean activations. Of units:
        `basis` has a 1 for each unit's cluster, `codes` are the clusters' mean activations. The largest is first.

    Raises:
        TypeError: activations that are no real numbers, or no key.
        ValueError: more clusters than tokens (or units), an unknown option, or an activation that is not finite.
        ModuleNotFoundError: UMAP is asked for and not installed.

    Example:
        >>> a = np.array([[0.0, 1.0], [5.0, 5.0], [0.0, 1.5], [0.0, 0.5]])
        >>> decompose(jax.random.key(0), a, factors=2, dimensions=1).codes[:, 0].tolist()
        [1.0, 0.0, 1.0, 1.0]
    """
    for_places, for_seeds = jax.random.split(_keys.checked(key))
    tokens, units = check(activations, factors if of == "tokens" else 1, what="clusters")
    most = tokens if of == "tokens" else units
    if of not in ("tokens", "units") or reduction not in ("pca", "umap"):
        raise ValueError(f"expected clusters of tokens or units, after pca or umap, got {of!r} and {reduction!r}")
    if not 1 <= factors <= most or dimensions < 1 or restarts < 1 or neighbours < 2:
        raise ValueError(
            f"expected 1 to {most} clusters, a dimension and a start or more, and 2 neighbours or more; got {factors} "
            f"clusters, {dimensions} dimensions, {restarts} starts and {neighbours} neighbours"
        )
    found = near(activations, centred=True)
    reduced = places(
        for_places,
        np.asarray(found.values),
        of=of,
        reduction=reduction,
        dimensions=min(dimensions, tokens - 1, units - (of == "units")),
        neighbours=neighbours,
        budget=budget,
    )
    points = jnp.asarray(reduced.astype(found.values.dtype))
    group, _, settled = k_means(for_seeds, points, factors, restarts, steps, 1e-6)
    made = of_tokens if of == "tokens" else of_units
    return made(found, np.asarray(group), factors, settled)
