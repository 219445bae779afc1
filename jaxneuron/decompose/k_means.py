"""Groups of tokens whose activations are near one centre: k-means.

Lloyd 1982, with the seeds of Arthur, Vassilvitskii 2007 (k-means++), each the best of `2 + log(clusters)` draws, as
scikit-learn has it. Seeds, steps and all restarts are one program on the device.

Cost:
    No pass of the model: each step compares all tokens with all centres, for all restarts in one program.

Fails:
    Units of large variance decide the distances: scale them, or reduce first (`activation_clusters`). Local optima:
    more restarts. All activations are held on the device.

Peers:
    scikit-learn's KMeans, whose seeding is followed; here all starts are one program on the device.
"""

from typing import Any

import numpy as np
from jaxtyping import Array, Float

from jaxneuron import _keys
from jaxneuron.decompose._clusters import of_tokens
from jaxneuron.decompose._lloyd import k_means
from jaxneuron.decompose._near import check, near
from jaxneuron.table import Table
from jaxneuron.types import Factors


def decompose(
    key: Array,
    activations: Float[Any, "token unit"] | Table,
    *,
    factors: int,
    restarts: int = 1,
    steps: int = 1_000,
    tolerance: float = 1e-4,
) -> Factors:
    """Cluster tokens: each belongs to the centre that is nearest, `min sum |activations - codes @ basis|^2`.

    Args:
        key: one key, for the seeds.
        activations: of a sample of tokens; all of them are held on the device.
        factors: clusters, at most as many as tokens.
        restarts: starts, of which the best is kept.
        steps: at most, of each start.
        tolerance: how far the centres may still move together, squared, in mean variances of a unit.

    Returns:
        `codes` have a 1 for each token's cluster, the largest cluster first; `basis` are the clusters' mean
        activations. `settled` is false where the steps ran out.

    Raises:
        TypeError: activations that are no real numbers, or no key.
        ValueError: more clusters than tokens, no start, or an activation that is not finite.

    Example:
        >>> import jax
        >>> a = np.array([[0.0, 1.0], [5.0, 5.0], [0.0, 1.5], [0.0, 0.5]])
        >>> found = decompose(jax.random.key(0), a, factors=2)
        >>> found.codes[:, 0].tolist(), found.basis.tolist()
        ([1.0, 0.0, 1.0, 1.0], [[0.0, 1.0], [5.0, 5.0]])
    """
    key = _keys.checked(key)
    check(activations, factors, what="clusters")
    if restarts < 1:
        raise ValueError(f"expected at least one start, got {restarts}")
    found = near(activations, centred=True)
    group, _, settled = k_means(key, found.values, factors, restarts, steps, tolerance)
    return of_tokens(found, np.asarray(group), factors, settled)
